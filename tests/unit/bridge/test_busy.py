"""How busy the lanes keep Open Klant, in simulated time: so the machine that the test runs on does not count.

`make bench ONLY=bridge` measures the same with real servers.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from services.bridge.kafka.lanes import Lanes
from services.bridge.kafka.subscriber import LANES_A_CALL
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import BridgeTerms
from services.bridge.triggers import Asking, KlantcontactAsked, asking_of
from services.domain.openklant_beleid import OpenKlantBeleid
from services.runtime.kafka.records import Record
from tests.fakes.bridge_states import FakeDocuments
from tests.simulate.loop import SimulatedLoop, simulated_time
from tests.support.bridge_bench import CHOICE, SIGNER, Bench
from tests.support.projector_examples import OWN_SOURCES, Event, email, encoded, identifier, registered, taak_created

CALLS_AT_ONCE: Final = 4
ANSWER_SECONDS: Final = 0.05
MONGODB_SECONDS: Final = 0.004
"""Of one read or write. A majority of three servers on disks takes as long."""


class Slow:
    """Something in MongoDB: each of its methods takes a while."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - states, documents and leases alike
        self._inner = inner

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above
        found = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def later(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
            await asyncio.sleep(MONGODB_SECONDS)
            return await found(*given, **named)

        return later

    @asynccontextmanager
    async def leased(self, name: str, *, follows: Sequence[str] = ()) -> AsyncIterator["Slow"]:
        """Take a lease, and give it back."""
        await asyncio.sleep(MONGODB_SECONDS)
        async with self._inner.leased(name, follows=follows) as lease:
            yield Slow(lease)
            await asyncio.sleep(MONGODB_SECONDS)


def contact(name: str) -> list[Event]:
    """Return a contact of an unknown caller who is to be called back."""
    event = registered(name)
    beller = {"betrokkeneId": identifier(f"beller|{name}"), "rol": "klant", "initiator": True}
    event["data"]["betrokkenen"] = [{**beller, "digitaleAdressen": [email(f"{name}@example.nl")]}]
    return [event, taak_created(name)]


async def busy(lanes_a_call: int) -> float:
    """Return which share of the time Open Klant works, for as long as every lane has work."""
    bench, loop = Bench(), asyncio.get_running_loop()
    bench.open_klant.weather.latency_seconds = ANSWER_SECONDS
    klantcontacten = Klantcontacten(
        bench.api,
        Slow(FakeDocuments(bench.register)),
        Slow(bench.states),
        BridgeTerms(SIGNER, OpenKlantBeleid(), CHOICE),
    )
    events = [event for each in range(200) for event in contact(f"c-{each}")]
    bench.project(*events)
    handled, far_enough = 0, asyncio.Event()

    async def handle(asking: Asking, _: Record) -> None:
        nonlocal handled
        assert isinstance(asking, KlantcontactAsked)
        await klantcontacten.converge(asking.id, asking.trigger)
        handled += 1
        if handled == len(events) // 3:
            far_enough.set()

    lanes = Lanes(lanes_a_call * CALLS_AT_ONCE, handle)
    for offset, event in enumerate(events):
        record = Record("klantcontact.registered", 0, offset, datetime.now(UTC), None, None, ())
        lanes.take(record, asking_of(encoded(event), OWN_SOURCES))
    # The first contact finds the actoren, for which the others would wait.
    await klantcontacten.converge(events[0]["subject"])
    began, bench.open_klant.weather.busy_seconds = loop.time(), 0.0
    running = lanes.running()
    await far_enough.wait()
    for each in running:
        each.cancel()
    return bench.open_klant.weather.busy_seconds / (CALLS_AT_ONCE * (loop.time() - began))


def test_lanes_keep_an_open_klant_busy_that_answers_in_50_ms() -> None:
    shares = {}
    for lanes_a_call in (1, LANES_A_CALL):
        loop = SimulatedLoop()
        with simulated_time(loop):
            shares[lanes_a_call] = loop.run_until_complete(busy(lanes_a_call))
        loop.close()
    assert shares[LANES_A_CALL] >= 0.95
    assert shares[1] == pytest.approx(0.75, abs=0.1)  # a lane that waits for MongoDB leaves its call unused
