"""Makes the calls of a comparison, one after another, and notes after each what it wrote.

Before each call the bridge notes what the call creates. So it recognises that row as its own after a crash between the
call and its note.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from services.bridge.compare import Call, ChangeRow, CoupleRow, CreateRow, RemoveRow, RowComparison
from services.bridge.errors import Absent
from services.bridge.parts import KLANTCONTACT, PARTIJ, Noted, WantedPart, resource_of
from services.bridge.ports import Lease, LeaseNote, OpenKlant
from services.bridge.resources import MAAK_KLANTCONTACT, PARENT, ApiRow, Body, Resource, as_created


class Convergence(StrEnum):
    """The outcome of a convergence, as metrics name it."""

    SKIPPED = "skipped"
    """It does not go to Open Klant."""
    EQUAL = "equal"
    CHANGED = "changed"
    CREATED = "created"
    REMOVED = "removed"


class RemovedMeanwhile(Exception):
    """Somebody removed a row between our reading and our call: read again."""

    def __init__(self, call: str) -> None:
        """`call`: its method and resource."""
        super().__init__(call)
        self.call = call


IN_ONE_CALL: Final[Mapping[Resource, str]] = {
    Resource.BETROKKENEN: "betrokkene",
    Resource.ONDERWERPOBJECTEN: "onderwerpobject",
}
"""The name of each in the body of `maak-klantcontact`."""


async def make(comparison: RowComparison, open_klant: OpenKlant, lease: Lease) -> Convergence:
    """Make the calls, and note each. Raises CallRefused, Unavailable, Leased, and RemovedMeanwhile."""
    rows, removed, calls = dict(comparison.kept), comparison.removed, comparison.calls
    outcome = Convergence.EQUAL
    await lease.note(LeaseNote(rows, removed, _in_flight(calls), others=comparison.others))
    for number, call in enumerate(calls, 1):
        rows = await _made(call, rows, open_klant)
        taken_away = max(1, len(call.keys)) if isinstance(call, RemoveRow) else 0
        await lease.note(LeaseNote(rows, removed, _in_flight(calls[number:]), taken_away))
        outcome = max(outcome, _outcome(call), key=list(Convergence).index)
    return outcome


def _in_flight(calls: Sequence[Call]) -> frozenset[str]:
    """Return the merken of the rows that the first of these calls creates, or the uuid of the one that it removes.

    With them go the merken of the rows that nothing else makes ours, until each is removed.
    """
    only_by_merk = frozenset(each.merk for each in calls if isinstance(each, RemoveRow) and each.merk)
    match calls[:1]:
        case [CreateRow(parts)]:
            return only_by_merk | {part.merk for part in parts}
        case [RemoveRow(_, uuid)]:
            return only_by_merk | {uuid}
        case _:
            return only_by_merk


def _outcome(call: Call) -> Convergence:
    match call:
        case CreateRow(parts) if parts[0].parent is None:
            return Convergence.CREATED
        case RemoveRow() if {KLANTCONTACT, PARTIJ} & set(call.keys):
            return Convergence.REMOVED
        case _:
            return Convergence.CHANGED


async def _made(call: Call, rows: Mapping[str, Noted], open_klant: OpenKlant) -> dict[str, Noted]:
    """Make a call, and return the rows of ours after it."""
    match call:
        case CreateRow(parts):
            return {**rows, **dict(await _created(parts, rows, open_klant))}
        case CoupleRow(part, uuid):
            await _change(open_klant, part.resource, uuid, _hung_on(part, rows))
            return {**rows, part.key: Noted(uuid, part.merk)}
        case ChangeRow(part, uuid, body):
            await _change(open_klant, part.resource, uuid, body)
            wrote = "toegewezenAanActoren" in body
            toegewezen = part.toegewezen if wrote else rows[part.key].toegewezen
            return {**rows, part.key: Noted(uuid, part.merk, toegewezen)}
        case RemoveRow(resource, uuid, keys):
            await open_klant.remove(resource, uuid)
            return {key: each for key, each in rows.items() if key not in keys}


async def _created(
    parts: tuple[WantedPart, ...], rows: Mapping[str, Noted], open_klant: OpenKlant
) -> Iterator[tuple[str, Noted]]:
    root, *others = parts
    if root.resource is Resource.KLANTCONTACTEN:
        body = {"klantcontact": _body(root)}
        body |= {IN_ONE_CALL[each.resource]: _body(each) for each in others}
        made = await open_klant.create(MAAK_KLANTCONTACT, body)
        answers = [made["klantcontact"], *(made[IN_ONE_CALL[each.resource]] for each in others)]
    elif root.resource is Resource.PARTIJEN:
        named: Body = {"partijIdentificatoren": [_body(each) for each in others]}
        made = await open_klant.create(root.resource, {**_body(root), **named})
        answers = [made, *(_identificator(made, each) for each in others)]
    else:
        answers = [await _hung(root, rows, open_klant)]
    return (
        (part.key, Noted(answer["uuid"], part.merk, part.toegewezen))
        for part, answer in zip(parts, answers, strict=True)
    )


def _body(part: WantedPart) -> Body:
    body = {**as_created(part.resource, part.body), **part.at_creation}
    if part.toegewezen:
        body["toegewezenAanActoren"] = [{"uuid": each} for each in part.toegewezen]
    return body


def _identificator(made: ApiRow, part: WantedPart) -> ApiRow:
    wanted = part.body["partijIdentificator"]["codeSoortObjectId"]
    found: ApiRow = next(
        each for each in made["partijIdentificatoren"] if each["partijIdentificator"]["codeSoortObjectId"] == wanted
    )
    return found


async def _hung(part: WantedPart, rows: Mapping[str, Noted], open_klant: OpenKlant) -> ApiRow:
    """Create a row that hangs on one that Open Klant has."""
    return await open_klant.create(part.resource, {**_body(part), **_hung_on(part, rows)})


def _hung_on(part: WantedPart, rows: Mapping[str, Noted]) -> Body:
    assert part.parent is not None, "a klantcontact and a partij are created otherwise"
    return {PARENT[part.resource, resource_of(part.parent)]: {"uuid": rows[part.parent].uuid}}


async def _change(open_klant: OpenKlant, resource: Resource, uuid: str, body: Body) -> None:
    try:
        await open_klant.change(resource, uuid, body)
    except Absent as gone:
        raise RemovedMeanwhile(f"PATCH {resource}") from gone
