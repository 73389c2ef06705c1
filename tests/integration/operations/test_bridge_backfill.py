"""`bridge dry-run` and `bridge backfill`: what would be written, and what is."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.bridge.meant import Choice
from services.operations.bridge.backfill import Backfill, Backfilled
from services.operations.bridge.dry_run import Rehearsed, rehearse
from services.operations.bridge.equipment import Equipment
from services.operations.bridge.selection import newest
from services.operations.bridge.watching import NotedChange
from tests.fakes.open_klant.faults import Fault
from tests.support.bridge_equipment import Town, running_town
from tests.support.projector_examples import (
    email,
    klantcontact_id,
    nummer,
    partij,
    registered,
    taak_created,
)

LATER = "2026-03-05T09:50:00Z"


@pytest.fixture
async def town(mongo_uri: str, database: str) -> AsyncIterator[Town]:
    async with running_town(mongo_uri, database) as running:
        await running.project(
            registered("c-1", partijen=[partij(fields={"digitaleAdressen": [email("m@example.nl")]})]),
            taak_created("c-1"),
            registered("c-2", op=LATER),
        )
        yield running


async def backfilled(equipment: Equipment, *, since: datetime | None = None, with_taken: bool = False) -> Backfilled:
    return await Backfill(equipment, since, with_taken, progress=lambda *_: None).run()


async def test_a_rehearsal_shows_calls_by_field_names_and_changes_nothing(town: Town) -> None:
    rehearsed = await rehearse(town.equipment, [klantcontact_id("c-1")])

    partij_fields = (
        "soortPartij",
        "nummer",
        "indicatieActief",
        "partijIdentificatoren",
    )
    assert rehearsed[0].outcome == "created"
    assert [(call.method, call.resource) for call in rehearsed[0].calls] == [
        ("POST", "partijen"),
        ("POST", "digitaleadressen"),
        ("POST", "actoren"),
        ("POST", "actoren"),
        ("POST", "maak-klantcontact"),
        ("POST", "actorklantcontacten"),
        ("POST", "internetaken"),
    ]
    assert set(partij_fields) <= set(rehearsed[0].calls[0].fields)
    assert "klantcontact.metadata.regel" in rehearsed[0].calls[4].fields
    assert "m@example.nl" not in str(rehearsed)
    assert town.changes() == []
    assert await town.database["openklant"].count_documents({"_id": {"$ne": "sleutel"}}) == 0


async def test_a_rehearsal_of_what_is_equal_shows_no_call(town: Town) -> None:
    await backfilled(town.equipment, with_taken=True)

    rehearsed = await rehearse(town.equipment, await newest(town.equipment, 5))

    assert rehearsed == [
        Rehearsed(klantcontact_id("c-2"), "equal", [], []),
        Rehearsed(klantcontact_id("c-1"), "equal", [], []),
    ]


@pytest.mark.parametrize(("minutes", "doubles"), [("09:40:00", 1), ("09:30:00", 0)])
async def test_a_rehearsal_names_likely_doubles(town: Town, minutes: str, doubles: int) -> None:
    """An employee registered the same call by hand, for the partij that KISS found by its BSN."""
    http, codes = town.equipment.open_klant, partij()["partijIdentificatoren"]
    identificatoren = [{"partijIdentificator": each} for each in codes]
    there = await http.create(
        "partijen", {"soortPartij": "persoon", "indicatieActief": True, "partijIdentificatoren": identificatoren}
    )
    contact = {"kanaal": "telefoon", "onderwerp": "x", "taal": "nld", "vertrouwelijk": False}
    made = await http.create(
        "maak-klantcontact",
        {
            "klantcontact": {**contact, "plaatsgevondenOp": f"2026-03-02T{minutes}Z"},
            "betrokkene": {"wasPartij": {"uuid": there["uuid"]}, "rol": "klant", "initiator": True},
        },
    )

    rehearsed = await rehearse(town.equipment, [klantcontact_id("c-1")])

    assert rehearsed[0].likely_doubles == [made["klantcontact"]["uuid"]] * doubles


async def test_a_rehearsal_says_of_one_that_was_refused_why_and_goes_on(town: Town) -> None:
    theirs = {"kanaal": "balie", "onderwerp": "x", "taal": "nld", "vertrouwelijk": False}
    await town.equipment.open_klant.create("klantcontacten", {**theirs, "nummer": nummer("klantcontact|c-1|0")})

    await backfilled(town.equipment)

    first, second = await rehearse(town.equipment, [klantcontact_id("c-1"), klantcontact_id("c-2")])

    assert (first.outcome, first.reason) == ("refused", "A row of klantcontacten that is not ours has our number.")
    assert (second.outcome, second.reason) == ("equal", None)


async def test_a_backfill_writes_oldest_first_and_leaves_taken(town: Town) -> None:
    done = await backfilled(replace(town.equipment, lanes=1))

    assert done == Backfilled(outcomes=Counter(created=2), taken_left=1)
    assert [row["nummer"] for row in town.rows("klantcontacten")] == [
        nummer("klantcontact|c-1|0"),
        nummer("klantcontact|c-2|0"),
    ]
    assert town.rows("internetaken") == []


async def test_a_taak_that_a_backfill_left_is_not_made_by_a_correction(town: Town) -> None:
    await backfilled(town.equipment)
    await town.project(registered("c-1", revisie=2), taak_created("c-1", revisie=2))

    await backfilled(town.equipment)

    assert {row["onderwerp"] for row in town.rows("klantcontacten")} == {"Paspoort, revisie 1", "Paspoort, revisie 2"}
    assert town.rows("internetaken") == []


async def test_a_backfill_makes_taken_where_asked(town: Town) -> None:
    await backfilled(town.equipment, with_taken=True)

    assert [row["nummer"] for row in town.rows("internetaken")] == [nummer("taak|c-1|0")]


async def test_a_second_backfill_makes_no_call(town: Town) -> None:
    await backfilled(town.equipment)
    town.open_klant.weather.calls.clear()

    done = await backfilled(town.equipment)

    assert (done, town.open_klant.weather.calls) == (Backfilled(outcomes=Counter(equal=2)), [])


async def test_a_backfill_begins_at_a_day(town: Town) -> None:
    done = await backfilled(town.equipment, since=datetime(2026, 3, 5, tzinfo=UTC))

    assert done.outcomes == {"created": 1}
    assert [row["nummer"] for row in town.rows("klantcontacten")] == [nummer("klantcontact|c-2|0")]


async def test_sources_that_are_not_chosen_stay_here(town: Town) -> None:
    done = await backfilled(town.choosing(Choice(frozenset({"urn:nld:oin:00000001823288444000:systeem:balie"}))))

    assert (done, town.changes()) == (Backfilled(), [])


async def test_what_open_klant_refuses_is_told_and_the_rest_is_written(town: Town) -> None:
    town.open_klant.weather.plan(Fault(answer=400, method="POST", resource="maak-klantcontact"))

    done = await backfilled(town.equipment)

    assert sum(done.outcomes.values()) == 1
    assert [each.split(" was")[0] for each in done.refused.values()] == ["POST maak-klantcontact"]


async def test_a_backfill_bears_with_an_open_klant_that_fails_for_a_moment(town: Town) -> None:
    town.open_klant.weather.plan(Fault(answer=503, takes_effect=True, times=4))

    assert (await backfilled(town.equipment)).outcomes == {"created": 2}
    assert len(town.rows("klantcontacten")) == 2
    assert len(town.rows("partijen")) == 1


def test_a_noted_change_has_no_value() -> None:
    assert NotedChange("POST", "partijen", ("nummer",)).fields == ("nummer",)
