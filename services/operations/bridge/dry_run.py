"""What the bridge would write of klantcontacten: the calls by the names of their fields, and likely doubles.

A double is a contact that an employee registered by hand as well. Open Klant keeps no id of a telephone call. So a
klantcontact of somebody else's is a likely double when it is of the same partij and of the same quarter of an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from services.bridge.errors import CallRefused, NummerBezet
from services.bridge.finding_partijen import PartijFinder
from services.bridge.partijen import state_name
from services.bridge.ports import GoneMarker, ShownOrGone
from services.bridge.resources import ApiRow, Resource
from services.bridge.wanted import HERKOMST
from services.operations.bridge.equipment import Equipment
from services.operations.bridge.patience import FailsHere, RunPatience
from services.operations.bridge.watching import NotedChange, RehearsedStates, WatchedOpenKlant

REFUSED: Final = "refused"
"""The outcome of a klantcontact that the bridge would make a dead letter of."""

FAILED: Final = "failed"
"""The outcome of a klantcontact that Open Klant fails at each time."""

NEAR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One klantcontact."""

    klantcontact_id: str
    outcome: str
    calls: Sequence[NotedChange]
    likely_doubles: Sequence[str]
    """The uuids of klantcontacten in Open Klant that may be the same contact."""
    reason: str | None = None
    """Why Open Klant refuses it, or how it fails. It names calls and fields, and no values."""


async def rehearse(equipment: Equipment, ids: Sequence[str]) -> list[Rehearsed]:
    """Return the calls that the bridge would make. It asks Open Klant, and changes nothing anywhere."""
    watched = WatchedOpenKlant(equipment.open_klant, carry_out=False)
    states = RehearsedStates(equipment.states)
    klantcontacten = equipment.klantcontacten(watched, states)

    patience = RunPatience(equipment.open_klant.probe)

    async def rehearsed(klantcontact_id: str, calls: Sequence[NotedChange]) -> Rehearsed:
        doubles = await _likely_doubles(equipment, klantcontact_id)
        try:
            outcome = await klantcontacten.converge(klantcontact_id)
        except (CallRefused, NummerBezet) as refusal:
            return Rehearsed(klantcontact_id, REFUSED, calls, doubles, str(refusal))
        return Rehearsed(klantcontact_id, outcome, calls, doubles)

    async def named(klantcontact_id: str) -> Rehearsed:
        # Over all tries: `states` has what a failed one came to, and the next one does not rehearse it again.
        with watched.noting() as calls:
            try:
                return await patience.through(partial(rehearsed, klantcontact_id, calls))
            except FailsHere as failure:
                return Rehearsed(klantcontact_id, FAILED, calls, [], str(failure))

    return [await named(each) for each in ids]


async def _likely_doubles(equipment: Equipment, klantcontact_id: str) -> list[str]:
    projected = await equipment.documents.of_klantcontact(klantcontact_id)
    shown = projected.klantcontact
    if shown is None or isinstance(shown, GoneMarker):
        return []
    moment: datetime = shown["klantcontact"]["plaatsgevondenOp"]
    doubles = list[str]()
    for uuid in await _partijen(equipment, projected.partijen):
        of_partij = await equipment.open_klant.find(Resource.KLANTCONTACTEN, hadBetrokkene__wasPartij__uuid=uuid)
        doubles += [each["uuid"] for each in of_partij if _is_near(each, moment)]
    return sorted(set(doubles))


async def _partijen(equipment: Equipment, partijen: Mapping[str, ShownOrGone]) -> list[str]:
    """Return the uuids of partijen in Open Klant: the noted ones, and those that an identificator finds."""
    noted = await equipment.states.uuids([state_name(each) for each in partijen])
    found, finder = list(noted.values()), PartijFinder(equipment.open_klant)
    for partij_id, shown in partijen.items():
        if state_name(partij_id) not in noted and shown is not None and not isinstance(shown, GoneMarker):
            there = await finder.by_identificator(shown["soortPartij"], shown["partijIdentificatoren"])
            found += [there["uuid"]] if there else []
    return found


def _is_near(row: ApiRow, moment: datetime) -> bool:
    theirs = (row.get("metadata") or {}).get("herkomst") != HERKOMST
    return theirs and abs(datetime.fromisoformat(row["plaatsgevondenOp"]) - moment) <= NEAR
