"""The status of a taak comes back from Open Klant into the projector's documents, in a real MongoDB."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from services.bridge.mongo.taken import MongoTaken
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.resources import ApiRow, Resource
from services.bridge.statuses import Statuses
from services.operations.bridge.backfill import Backfill
from tests.support.bridge_equipment import Town, running_town
from tests.support.projector_examples import assigned, klantcontact_id, nummer, registered, taak_created, taak_id

NAMES = ("c-1", "c-2", "c-3")
CLOSED_AT = datetime(2026, 11, 30, 10, tzinfo=UTC)
CLOSED = {"status": "verwerkt", "afgehandeldOp": CLOSED_AT.isoformat()}
OPEN = {"status": "te_verwerken", "afgehandeldOp": None}


@pytest.fixture
async def town(mongo_uri: str, database: str) -> AsyncIterator[Town]:
    """A municipality with three contacts and their taken, all of them in Open Klant."""
    async with running_town(mongo_uri, database) as made:
        await made.project(*(event for name in NAMES for event in (registered(name), taak_created(name))))
        await Backfill(made.equipment, None, with_taken=True, progress=lambda *_: None).run()
        yield made


def row_of(town: Town, contact: str) -> dict[str, Any]:
    """Return the taak of a contact in Open Klant."""
    number = nummer(f"taak|{contact}|0")
    return next(each for each in town.rows("internetaken") if each["nummer"] == number)


async def here(town: Town, contact: str) -> tuple[str, datetime | None]:
    """Return the status of a taak here, and when it was done."""
    document = await town.database["interne_taken"].find_one({"_id": taak_id(contact)})
    assert document is not None
    return document["interneTaak"]["status"], document["interneTaak"].get("afgehandeldOp")


async def bring_back(town: Town) -> int:
    statuses = Statuses(town.equipment.open_klant, MongoTaken(town.database, confidential=False))
    return await statuses.bring_back()


async def test_a_taak_is_closed_and_opened_again_here_as_it_is_there(town: Town) -> None:
    assert await bring_back(town) == 0

    town.open_klant.register.change("internetaken", row_of(town, "c-1"), CLOSED)
    assert await bring_back(town) == 1
    assert await here(town, "c-1") == ("verwerkt", CLOSED_AT)
    assert await here(town, "c-2") == ("te_verwerken", None)
    assert await bring_back(town) == 0

    town.open_klant.register.change("internetaken", row_of(town, "c-1"), OPEN)
    assert await bring_back(town) == 1
    assert await here(town, "c-1") == ("te_verwerken", None)


async def test_taken_that_are_not_ours_or_not_there_any_more_change_nothing(town: Town) -> None:
    town.open_klant.register.delete("internetaken", row_of(town, "c-1")["uuid"])
    theirs = {**row_of(town, "c-2"), **CLOSED, "nummer": "17", "referentienummer": "17"}
    town.open_klant.register.add("internetaken", theirs)
    await town.database["openklant"].delete_one({"_id": f"kc:{klantcontact_id('c-3')}"})
    town.open_klant.register.change("internetaken", row_of(town, "c-3"), CLOSED)

    assert await bring_back(town) == 0
    assert {await here(town, name) for name in NAMES} == {("te_verwerken", None)}


async def test_a_taak_that_a_later_decision_gave_to_another_stays_open_here(town: Town) -> None:
    """It was closed for the actor of before; Open Klant shows it as done until somebody looks at it again."""
    town.open_klant.register.change("internetaken", row_of(town, "c-1"), CLOSED)
    later = {**assigned("Burgerzaken"), "toegewezenOp": "2026-11-30T11:00:00Z"}
    await town.project(registered("c-1", revisie=2), taak_created("c-1", revisie=2, fields=later))
    assert await bring_back(town) == 0
    assert await here(town, "c-1") == ("te_verwerken", None)


class SmallPages:
    """An Open Klant that gives one row a page, where it gives 500."""

    def __init__(self, api: HttpOpenKlant) -> None:
        self._api = api
        self.read = api.read

    def pages(self, resource: Resource, **filters: str) -> AsyncIterator[Sequence[ApiRow]]:
        return self._api.pages(resource, pageSize="1", **filters)


async def test_taken_that_people_close_while_the_pages_are_read_end_the_list_and_not_the_bridge(town: Town) -> None:
    asked = 0

    def before(_: str, path: str) -> None:
        nonlocal asked
        asked += path.endswith("/internetaken")
        if asked == 2:
            for name in ("c-1", "c-2"):
                town.open_klant.register.change("internetaken", row_of(town, name), CLOSED)

    town.open_klant.weather.before = before
    statuses = Statuses(
        SmallPages(town.equipment.open_klant),  # type: ignore[arg-type] # as much of the API as it calls
        MongoTaken(town.database, confidential=False),
    )
    await statuses.bring_back()
    assert asked == 2
    await statuses.bring_back()
    assert [(await here(town, name))[0] for name in NAMES] == ["verwerkt", "verwerkt", "te_verwerken"]
