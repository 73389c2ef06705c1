"""The commands of the bridge, beside one klantcontact that Open Klant always fails at: they name it and do the rest."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from services.operations.bridge import patience
from services.operations.bridge.backfill import Backfill, Backfilled
from services.operations.bridge.dry_run import Rehearsed, rehearse
from services.operations.bridge.reconcile import Reconciled, Reconciliation
from tests.fakes.open_klant.faults import Fault
from tests.support.bridge_equipment import Town, running_town
from tests.support.projector_examples import email, klantcontact_id, partij, partij_id, registered, taak_created

FAILED = "POST internetaken was answered with status 500."


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.5)


@pytest.fixture
async def town(mongo_uri: str, database: str) -> AsyncIterator[Town]:
    """A municipality with three klantcontacten, the second of them with a taak, and an Open Klant without rows."""
    async with running_town(mongo_uri, database) as running:
        klant = partij(fields={"digitaleAdressen": [email("m@example.nl")]})
        await running.project(registered("c-1"), registered("c-2"), taak_created("c-2"), registered("c-3"))
        await running.project(registered("c-4", partijen=[klant]))
        yield running


async def backfilled(town: Town) -> Backfilled:
    return await Backfill(town.equipment, None, with_taken=True, progress=lambda *_: None).run()


async def reconciled(town: Town, *, repair: bool = False) -> Reconciled:
    found = await Reconciliation(town.equipment, lambda *_: None, repair=repair).run()
    found.differences = {name: +counts for name, counts in found.differences.items() if +counts}
    return found


async def test_a_backfill_names_the_klantcontact_that_open_klant_fails_at_and_a_later_one_tries_it_again(
    town: Town,
) -> None:
    poison = town.open_klant.weather.plan(Fault(500, method="POST", resource="internetaken", times=None))
    named = {klantcontact_id("c-2"): FAILED}

    assert await backfilled(town) == Backfilled(outcomes=Counter(created=3), failed=named)
    assert await backfilled(town) == Backfilled(outcomes=Counter(equal=3), failed=named)
    poison.times = 0
    mended = await backfilled(town)

    assert (mended.failed, mended.outcomes.total(), mended.is_whole) == ({}, 4, True)
    assert (len(town.rows("klantcontacten")), len(town.rows("internetaken"))) == (4, 1)
    assert (await reconciled(town)).is_equal


async def test_a_backfill_that_leaves_taken_leaves_them_also_when_it_is_repeated(town: Town) -> None:
    poison = town.open_klant.weather.plan(Fault(500, method="POST", resource="maak-klantcontact", times=None))
    backfill = Backfill(town.equipment, None, with_taken=False, progress=lambda *_: None)
    assert len((await backfill.run()).failed) == 4
    poison.times = 0

    done = await Backfill(town.equipment, None, with_taken=False, progress=lambda *_: None).run()

    assert done == Backfilled(outcomes=Counter(created=4))
    assert (len(town.rows("klantcontacten")), town.rows("internetaken")) == (4, [])


async def test_a_reconcile_names_the_klantcontact_that_open_klant_fails_at_and_mends_the_rest(town: Town) -> None:
    poison = town.open_klant.weather.plan(Fault(500, method="POST", resource="internetaken", times=None))

    found = await reconciled(town, repair=True)

    assert (found.failed, found.klantcontacten, found.partijen) == ({klantcontact_id("c-2"): FAILED}, 4, 1)
    # The taak counts once, however often it was tried.
    assert found.differences["internetaken"] == Counter(missing=1)
    assert found.differences["klantcontacten"] == Counter(missing=4)
    assert not found.is_whole
    poison.times = 0
    assert (await reconciled(town, repair=True)).differences == {"internetaken": Counter(missing=1)}
    assert (await reconciled(town)).is_equal


async def test_a_reconcile_that_only_looks_goes_on_past_a_partij_that_open_klant_does_not_show(town: Town) -> None:
    await backfilled(town)
    town.open_klant.weather.plan(Fault(500, method="GET", resource="partijen", times=None))

    found = await reconciled(town)

    told = "GET partijen was answered with status 500."
    assert found.failed == {klantcontact_id("c-4"): told, partij_id("jansen"): told}
    assert (found.klantcontacten, found.differences, found.is_equal) == (4, {}, False)


async def test_a_reconcile_goes_on_where_open_klant_cannot_list_its_klantcontacten(town: Town) -> None:
    await backfilled(town)
    # The first read of each of the four works, the list of all does not.
    town.open_klant.weather.plan(Fault(500, method="GET", resource="klantcontacten", skip=4, times=None))
    town.equipment.open_klant.probe = _well  # type: ignore[method-assign] # one row it can show

    found = await reconciled(town)

    assert found.failed == {"the list of klantcontacten": "GET klantcontacten was answered with status 500."}
    assert (found.klantcontacten, found.partijen) == (4, 1)


async def _well() -> None:
    return None


async def test_a_create_that_took_effect_unanswered_is_found_by_the_next_run(town: Town) -> None:
    fault = Fault(500, method="POST", resource="internetaken", times=None)
    poison = town.open_klant.weather.plan(fault)
    assert (await backfilled(town)).failed == {klantcontact_id("c-2"): FAILED}
    poison.times = 0
    town.open_klant.weather.plan(Fault(502, takes_effect=True, method="POST", resource="internetaken"))

    assert (await backfilled(town)).failed == {}
    assert len(town.rows("internetaken")) == 1


@pytest.mark.parametrize("command", [backfilled, reconciled])
async def test_a_run_ends_where_open_klant_is_away_and_a_later_one_does_the_rest(town: Town, command: object) -> None:
    assert callable(command)
    weather = town.open_klant.weather
    outage = weather.plan(Fault(503, skip=2, times=None))

    ended = await command(town)

    assert (ended.stopped, ended.failed) == ("GET klantcontacten was answered with status 503.", {})
    assert not ended.is_whole
    outage.times = 0
    assert (await backfilled(town)).is_whole
    assert len(town.rows("klantcontacten")) == 4
    assert (await reconciled(town)).is_equal


async def test_a_rehearsal_names_what_open_klant_fails_at(town: Town) -> None:
    town.open_klant.weather.plan(Fault(500, method="GET", resource="partijen", times=None))

    rehearsed = await rehearse(town.equipment, [klantcontact_id("c-4"), klantcontact_id("c-1")])

    assert rehearsed[0] == Rehearsed(
        klantcontact_id("c-4"), "failed", [], [], "GET partijen was answered with status 500."
    )
    assert (rehearsed[1].outcome, rehearsed[1].reason) == ("created", None)
