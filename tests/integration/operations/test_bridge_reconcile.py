"""`bridge reconcile`: differences are counted, and mended where asked; rows of others stay as they are."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from services.operations.bridge.backfill import Backfill
from services.operations.bridge.reconcile import Reconciled, Reconciliation
from tests.fakes.open_klant.faults import Fault
from tests.support.bridge_equipment import Town, running_town
from tests.support.projector_examples import (
    email,
    klantcontact_id,
    klantcontact_withdrawn,
    partij,
    partij_id,
    registered,
    taak_created,
)

ADRES = {"digitaleAdressen": [email("m@example.nl")]}


@pytest.fixture
async def town(mongo_uri: str, database: str) -> AsyncIterator[Town]:
    """A municipality whose Open Klant is equal to its register, with a klantcontact of somebody else's beside it."""
    async with running_town(mongo_uri, database) as running:
        await running.project(
            registered("c-1", partijen=[partij(fields=ADRES)]), taak_created("c-1"), registered("c-2")
        )
        await Backfill(running.equipment, None, with_taken=True, progress=lambda *_: None).run()
        theirs = {"kanaal": "balie", "onderwerp": "x", "taal": "nld", "vertrouwelijk": False}
        await running.equipment.open_klant.create("klantcontacten", theirs)
        running.changes()
        yield running
        assert [row["onderwerp"] for row in running.rows("klantcontacten") if not row["metadata"]] == ["x"]


async def reconciled(
    town: Town, *, repair: bool = False, again: bool = False, remove_expired: bool = False
) -> Reconciled:
    found = await Reconciliation(
        town.equipment, lambda *_: None, repair=repair, again=again, remove_expired=remove_expired
    ).run()
    found.differences = {name: counts for name, counts in found.differences.items() if counts}
    return found


async def test_what_is_equal_has_no_difference(town: Town) -> None:
    assert await reconciled(town) == Reconciled(klantcontacten=2, partijen=1, differences={})
    assert town.changes() == []


async def test_a_change_by_others_is_a_difference_and_is_mended(town: Town) -> None:
    register = town.open_klant.register
    klantcontact = next(row for row in town.rows("klantcontacten") if row["onderwerp"].startswith("Paspoort"))
    register.change("klantcontacten", klantcontact, {"onderwerp": "Anders"})
    [adres] = town.rows("digitaleadressen")
    register.change("digitaleadressen", adres, {"adres": "ander@example.nl"})

    seen = await reconciled(town)
    assert town.changes() == []
    mended = await reconciled(town, repair=True)
    after = await reconciled(town)

    differences = {"klantcontacten": Counter(different=1), "digitaleadressen": Counter(missing=1, surplus=1)}
    assert seen.differences == mended.differences
    assert {name: +counts for name, counts in seen.differences.items()}["klantcontacten"] == differences[
        "klantcontacten"
    ]
    assert not seen.is_equal
    assert after.is_equal


async def test_a_row_that_somebody_removed_stays_away_unless_asked_for_again(town: Town) -> None:
    [taak] = town.rows("internetaken")
    town.open_klant.register.delete("internetaken", taak["uuid"])

    seen = await reconciled(town, repair=True)
    assert (seen.is_equal, seen.kept_away, town.rows("internetaken")) == (True, 1, [])
    again = await reconciled(town, repair=True, again=True)

    assert again.differences == {"internetaken": Counter(missing=1)}
    assert len(town.rows("internetaken")) == 1


async def test_what_is_gone_here_goes_even_where_the_state_is_lost(town: Town) -> None:
    await town.project(klantcontact_withdrawn("c-2"))
    await town.database["openklant"].delete_many({"_id": {"$regex": "^(kc|partij):"}})

    seen = await reconciled(town, repair=True)

    assert seen.differences == {"klantcontacten": Counter(surplus=1)}
    assert len(town.rows("klantcontacten")) == 2
    assert (await reconciled(town)).is_equal


async def test_the_state_is_made_again_where_it_is_lost(town: Town) -> None:
    await town.database["openklant"].delete_many({"_id": {"$regex": "^(kc|partij|actor):"}})

    assert (await reconciled(town, repair=True)).is_equal
    assert town.changes() == []
    assert await town.database["openklant"].count_documents({"_id": f"kc:{klantcontact_id('c-1')}", "af": True}) == 1


@pytest.mark.parametrize("remove", [False, True])
async def test_what_this_register_deleted_itself_is_counted_and_goes_where_asked(town: Town, *, remove: bool) -> None:
    await town.database["klantcontacten"].delete_many({})
    await town.database["interne_taken"].delete_many({})
    await town.database["partijen"].delete_many({})

    found = await reconciled(town, remove_expired=remove)

    klantcontacten = {f"kc:{klantcontact_id(each)}" for each in ("c-1", "c-2")}
    # Where its last klantcontact goes, the partij goes with it.
    assert set(found.over) == klantcontacten | (set() if remove else {f"partij:{partij_id('jansen')}"})
    assert found.removed == (2 if remove else 0)
    assert len(town.rows("klantcontacten")) == (1 if remove else 3)
    assert len(town.rows("partijen")) == (0 if remove else 1)
    assert (len(town.rows("digitaleadressen")), len(town.rows("internetaken"))) == ((0, 0) if remove else (1, 1))


async def test_a_removal_that_open_klant_refuses_stops_nothing(town: Town) -> None:
    await town.database["klantcontacten"].delete_many({})
    town.open_klant.weather.plan(Fault(answer=409, method="DELETE", resource="klantcontacten"))

    found = await reconciled(town, remove_expired=True)

    assert list(found.refused.values()) == ["DELETE klantcontacten was refused with status 409."]
    assert found.removed == len(found.over) - 1


async def test_a_klantcontact_that_was_never_written_is_missing_with_all_that_belongs_to_it(town: Town) -> None:
    await town.project(registered("c-3"), taak_created("c-3"))

    seen = await reconciled(town)

    assert seen.differences == {
        "klantcontacten": Counter(missing=1),
        "actorklantcontacten": Counter(missing=1),
        "internetaken": Counter(missing=1),
    }
    assert town.changes() == []
