"""What Open Klant has of a subject, as the bridge's state tells it: rows of ours that are there, and rows that went.

Open Klant itself is not asked. The state holds uuids and kinds, and no contents.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.bridge.meant import state_name
from services.bridge.mongo.states import OPENKLANT
from services.bridge.partijen import state_name as partij_state
from services.bridge.parts import PARTIJ
from services.operations.mongo import Database
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm, Tally
from services.operations.places.searching import PlaceSearch
from services.operations.places.traces import Traces
from services.runtime.mongo.client import Document

PLACE: Final = "Open Klant"

EMPTIED: Final = "Open Klant: emptied partijen"
"""Partijen that are gone here and stay there without name and address, since rows of others hang on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKlantRows:
    """Rows in Open Klant of some klantcontacten and partijen."""

    there: int
    """Rows of ours that Open Klant has."""
    gone: int
    """Rows of ours that the bridge removed, at whatever time."""
    went_with: Sequence[Mapping[str, str]]
    """The resource and uuid of each row of others, and of each taak in progress, that goes with a row of ours."""


async def open_klant(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Count the rows in Open Klant, where a bridge runs."""
    if OPENKLANT not in await search.projection.list_collection_names():
        return
    there, emptied = Tally(), Tally()
    for state in await _states(search.projection, names_in(search.traces), search.traces.partij_ids):
        tally, place = (emptied, EMPTIED) if _is_emptied(state) else (there, PLACE)
        for noted in state["rijen"].values():
            tally.add(noted["uuid"], contents=place is PLACE)
        if state["rijen"]:
            search.visit(FoundItem(place=place, kind=PlaceKind.ELSEWHERE, id=state["_id"], content=state))
    yield there.place(PLACE, PlaceKind.ELSEWHERE, StayTerm.OWN)
    yield emptied.place(EMPTIED, PlaceKind.ELSEWHERE, StayTerm.UNKNOWN)


async def rows_in_open_klant(
    database: Database, names: Collection[str], partij_ids: Collection[str] = ()
) -> OpenKlantRows | None:
    """Return the rows of states with these names, and of klantcontacten with one of these partijen.

    Return None where no bridge runs.
    """
    if OPENKLANT not in await database.list_collection_names():
        return None
    states = await _states(database, names, partij_ids)
    others = {each["uuid"]: each for state in states for each in state.get("anderen", ())}
    return OpenKlantRows(
        there=sum(len(each["rijen"]) for each in states if not _is_emptied(each)),
        gone=sum(each.get("weggehaald", 0) for each in states),
        went_with=[others[uuid] for uuid in sorted(others)],
    )


def names_in(traces: Traces) -> set[str]:
    """Return the names of the states of its partijen, and of klantcontacten of which everything counts."""
    return set(names_of(klantcontact_ids=traces.things_of_whole, partij_ids=traces.partij_ids))


def names_of(*, klantcontact_ids: Collection[str] = (), partij_ids: Collection[str] = ()) -> Iterator[str]:
    """Yield the names of states."""
    yield from map(state_name, klantcontact_ids)
    yield from map(partij_state, partij_ids)


async def _states(database: Database, names: Collection[str], partij_ids: Collection[str]) -> list[dict[str, Any]]:
    queries: list[Document] = [{"_id": {"$in": sorted(names)}}, {"partijen": {"$in": sorted(partij_ids)}}]
    return await database[OPENKLANT].find({"$or": queries}).to_list()


def _is_emptied(state: Mapping[str, Any]) -> bool:
    """Whether a state is of a partij that is gone here, with which the bridge is done."""
    return bool(state["af"]) and PARTIJ in state["rijen"] and state.get("merk") is None
