"""A rehearsal shows each call that the bridge would make, also when Open Klant fails for a moment on the way."""

from unittest.mock import AsyncMock

from services.bridge.meant import BridgeTerms
from services.operations.bridge.dry_run import rehearse
from services.operations.bridge.equipment import Equipment
from tests.fakes.bridge_states import FakeDocuments
from tests.fakes.open_klant.faults import Fault
from tests.support.bridge_bench import SIGNER, Bench
from tests.support.jumping_clock import on_jumping_clock
from tests.support.projector_examples import klantcontact_id, partij, registered, taak_created


async def calls_of(bench: Bench) -> list[tuple[str, str]]:
    terms = BridgeTerms(SIGNER, bench.policy, bench.choice)
    equipment = Equipment(bench.api, FakeDocuments(bench.register), bench.states, AsyncMock(), terms, lanes=1)
    [rehearsed] = await rehearse(equipment, [klantcontact_id("c-1")])
    return [(each.method, each.resource) for each in rehearsed.calls]


@on_jumping_clock
async def test_a_failure_on_the_way_leaves_no_call_out() -> None:
    bench = Bench()
    bench.project(registered("c-1", partijen=[partij()]), taak_created("c-1"))
    undisturbed = await calls_of(bench)
    bench.open_klant.weather.plan(Fault(500, method="GET", resource="actoren"))

    assert await calls_of(bench) == undisturbed
    assert ("POST", "partijen") in undisturbed
