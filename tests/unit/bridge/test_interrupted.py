"""What is interrupted, or runs into what others do at that moment, is done the next time."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.bridge.converge import Convergence
from services.bridge.errors import CallRefused, Unavailable
from services.bridge.statuses import OwnTaak, Statuses
from tests.fakes.open_klant.faults import Fault
from tests.support.bridge_bench import Bench
from tests.support.projector_examples import (
    identifier,
    klantcontact_withdrawn,
    kvk,
    partij,
    partij_withdrawn,
    registered,
    taak_created,
    taak_withdrawn,
)

VESTIGING = {
    "codeRegister": "hr",
    "codeObjecttype": "vestiging",
    "codeSoortObjectId": "vestigingsnummer",
    "objectId": "000012345678",
}

ZAAK = {
    "codeRegister": "openzaak",
    "codeObjecttype": "zaak",
    "codeSoortObjectId": "uuid",
    "objectId": "0d1a8a6e-0000-4000-8000-000000000001",
}


class NoTaken:
    """A register without taken."""

    async def open(self) -> AsyncIterator[Sequence[OwnTaak]]:
        yield []

    async def closed_among(self, _numbers: Sequence[str]) -> Sequence[OwnTaak]:
        return []

    async def set_status(self, _taak: OwnTaak, _status: str, _afgehandeld_op: datetime | None) -> bool:
        return False


def follows(earlier: dict[str, Any], revisie: int = 1) -> dict[str, Any]:
    """Return a klantcontact that follows an earlier one."""
    event = registered("c-2", revisie=revisie)
    event["data"]["onderwerpobjecten"] = [{"wasKlantcontact": earlier}]
    return event


async def test_a_partij_goes_after_its_klantcontact_also_when_that_was_interrupted() -> None:
    bench = Bench()
    await bench.take(registered("c-1", partijen=[partij()]))
    gone, withdrawn = partij_withdrawn("c-1", resultaat="vervallen"), klantcontact_withdrawn("c-1")
    bench.project(gone, withdrawn)
    await bench.trigger(gone)  # its betrokkene is still there
    bench.open_klant.weather.plan(Fault(method="DELETE", resource="partijen"))

    with pytest.raises(Unavailable):
        await bench.trigger(withdrawn)
    await bench.trigger(withdrawn)

    assert {"klantcontacten", "betrokkenen", "partijen", "partij-identificatoren"} & bench.counts().keys() == set()


async def test_a_partij_that_is_gone_goes_also_when_nobody_saw_the_answer_to_its_creation() -> None:
    bench = Bench()
    contact = registered("c-1", partijen=[partij()])
    bench.project(contact)
    bench.open_klant.weather.plan(Fault(method="POST", resource="partijen", takes_effect=True))
    with pytest.raises(Unavailable):
        await bench.trigger(contact)
    assert {"partijen", "partij-identificatoren"} <= bench.counts().keys()
    gone = [partij_withdrawn("c-1", resultaat="vervallen"), klantcontact_withdrawn("c-1")]
    bench.project(*gone)

    for event in [contact, *gone]:
        await bench.trigger(event, settled=True)

    assert {"klantcontacten", "partijen", "partij-identificatoren"} & bench.counts().keys() == set()


async def test_a_klantcontact_that_follows_is_linked_also_when_that_was_interrupted() -> None:
    bench = Bench()
    first = registered("c-1")
    klantcontact = first["data"]["klantcontact"]
    later = follows({"klantcontactId": klantcontact["klantcontactId"], "nummer": klantcontact["nummer"]})
    await bench.take(later)  # the earlier one is not there yet
    bench.project(first)
    bench.open_klant.weather.plan(Fault(method="POST", resource="onderwerpobjecten"))

    with pytest.raises(Unavailable):
        await bench.trigger(first)
    await bench.trigger(first)

    [link] = bench.rows("onderwerpobjecten")
    assert link["wasKlantcontact"] in {each["uuid"] for each in bench.rows("klantcontacten")}


@pytest.mark.parametrize("second", [("DELETE", "internetaken"), ("POST", "onderwerpobjecten")])
async def test_a_taak_that_is_withdrawn_goes_also_when_its_creation_and_then_its_removal_were_interrupted(
    second: tuple[str, str],
) -> None:
    bench = Bench()
    weather, earlier = bench.open_klant.weather, registered("c-1")["data"]["klantcontact"]
    first, created, withdrawn = registered("c-2"), taak_created("c-2"), taak_withdrawn("c-2", revisie=2)
    bench.project(first, created)
    weather.plan(Fault(method="POST", resource="internetaken", takes_effect=True))
    with pytest.raises(Unavailable):
        await bench.trigger(created)
    # Its correction has an onderwerpobject more, and no taak.
    corrected = follows({"klantcontactId": earlier["klantcontactId"], "nummer": earlier["nummer"]}, revisie=2)
    bench.project(registered("c-1"), corrected, withdrawn)
    await bench.trigger(registered("c-1"))
    method, resource = second
    weather.plan(Fault(method=method, resource=resource))

    with pytest.raises(Unavailable):
        await bench.trigger(withdrawn)
    await bench.trigger(withdrawn)

    assert bench.rows("internetaken") == []
    assert len(bench.rows("onderwerpobjecten")) == 1


async def test_what_one_call_makes_with_a_klantcontact_goes_when_a_correction_drops_it_and_nobody_saw_the_answer() -> (
    None
):
    bench = Bench()
    first, dropped = registered("c-1"), registered("c-1", revisie=2)
    first["data"]["betrokkenen"] = [{"betrokkeneId": identifier("beller"), "rol": "klant", "initiator": True}]
    first["data"]["onderwerpobjecten"] = [{"onderwerpobjectidentificator": ZAAK}]
    dropped["data"] |= {"betrokkenen": [], "onderwerpobjecten": []}
    bench.project(first)
    bench.open_klant.weather.plan(Fault(resource="maak-klantcontact", takes_effect=True))
    with pytest.raises(Unavailable):
        await bench.trigger(first)
    assert {"betrokkenen", "onderwerpobjecten"} <= bench.counts().keys()
    bench.project(dropped)
    bench.open_klant.weather.plan(Fault(method="DELETE", skip=1))

    with pytest.raises(Unavailable):  # between the two removals
        await bench.trigger(dropped)
    await bench.trigger(dropped)

    assert {"betrokkenen", "onderwerpobjecten"} & bench.counts().keys() == set()


async def test_a_row_that_is_shown_and_can_not_be_changed_is_a_refusal_and_no_fault_of_ours() -> None:
    bench = Bench()
    await bench.take(registered("c-1"))
    bench.open_klant.weather.plan(Fault(answer=404, method="PATCH", times=None))

    with pytest.raises(CallRefused, match=r"PATCH klantcontacten was refused with status 404\."):
        await bench.take(registered("c-1", revisie=2))


async def test_a_kvk_number_stays_while_a_vestiging_stands_under_it() -> None:
    bench = Bench()
    company = {"soortPartij": "organisatie", "organisatienaam": "Bakker", "identificatie": "extern"}
    await bench.take(
        registered("c-1", partijen=[partij("bakker", fields={**company, "partijIdentificatoren": [kvk()]})]),
        registered(
            "c-2", partijen=[partij("filiaal", fields={**company, "partijIdentificatoren": [kvk(), VESTIGING]})]
        ),
    )
    without = partij("bakker", versie=2, fields={**company, "vervallenIdentificatoren": ["kvk_nummer"]})

    outcome = await bench.take(registered("c-1", revisie=2, partijen=[{**without, "partijIdentificatoren": []}]))

    assert outcome == [Convergence.CHANGED]
    assert len(bench.rows("partij-identificatoren")) == 2


async def test_statuses_that_can_not_be_asked_for_end_no_service() -> None:
    bench = Bench()
    bench.open_klant.weather.plan(Fault(answer=400, resource="internetaken"))
    bench.open_klant.weather.plan(Fault(answer=503, resource="internetaken"))
    statuses = Statuses(bench.api, NoTaken())

    with capture_logs() as lines:
        for _ in range(3):
            await statuses.bring_back_in_time()

    assert [each["event"] for each in lines] == ["bridge.statuses_refused"]
    assert [status for _, _, status in bench.calls()] == [400, 503, 200]
