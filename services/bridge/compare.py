"""Compares what Open Klant should have with what it has, and returns the calls that make the two equal.

The laws of this file:

1. The bridge creates each wanted row that Open Klant lacks, parents first. It does not create a row again that somebody
   else removed.
2. It changes a row whose fields differ. Of a row that it did not read, it compares the note.
3. It removes only rows of ours: the noted ones, and those that a call was creating when the bridge last ended. Rows
   that others hung on a klantcontact of ours go only with that klantcontact, and the log names them.
4. It removes an address before the betrokkene that gave it, or after one that somebody else removed: Open Klant would
   keep the address without an owner.
5. The people who do a taak own its status and its actoren. The bridge changes the actoren only while they are those
   that it wrote. It leaves a taak to them that is done, or that they gave to another.
6. It never removes a row because the projector shows nothing of it: `WantedParts.undecided` stays as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from schemas.values import value_class
from services.bridge.found import FoundRow, FoundRows, is_same
from services.bridge.parts import KLANTCONTACT, PARTIJ, Noted, Ours, WantedPart, giver_of, resource_of
from services.bridge.resources import Body, Resource, as_changed
from services.bridge.wanted import WantedParts

DONE: Final = "verwerkt"

TOGETHER: Final = (Resource.BETROKKENEN, Resource.ONDERWERPOBJECTEN)
"""`maak-klantcontact` creates the first of each with the klantcontact."""


@value_class(frozen=True, slots=True)
class CreateRow:
    """Creates the rows of these parts in one call. The others hang on the first."""

    parts: tuple[WantedPart, ...]


@value_class(frozen=True, slots=True)
class ChangeRow:
    """Changes a row."""

    part: WantedPart
    uuid: str
    body: Body


@value_class(frozen=True, slots=True)
class RemoveRow:
    """Removes a row. Open Klant removes the rows that hang on it."""

    resource: Resource
    uuid: str
    keys: tuple[str, ...] = ()
    """Of the rows of ours that this call takes away."""
    merk: str | None = None
    """Of a row that nothing else makes ours: the bridge ended after the call that created it."""


@value_class(frozen=True, slots=True)
class CoupleRow:
    """Hangs an identificator without a partij, which somebody made for a vestiging, on the partij that it names."""

    part: WantedPart
    uuid: str


Call = CreateRow | ChangeRow | RemoveRow | CoupleRow


@value_class(frozen=True, slots=True)
class RowComparison:
    """The calls to make, and what the comparison found."""

    calls: tuple[Call, ...]
    kept: Mapping[str, Noted]
    """The rows of ours that Open Klant has before the calls, by key."""
    removed: frozenset[str]
    """Keys of rows that somebody else removed."""
    others: tuple[FoundRow, ...] = ()
    """Rows of others, and taken that people work on, which go with a klantcontact or betrokkene of ours."""
    left: tuple[FoundRow, ...] = ()
    """Taken that are gone here, and that the bridge leaves to the people who work on them."""

    @property
    def is_equal(self) -> bool:
        """Whether Open Klant has all that it should, and nothing else of ours."""
        return not self.calls


def compare(wanted: WantedParts, found: FoundRows, ours: Ours, *, again: bool = False) -> RowComparison:
    """Return the calls that make Open Klant equal to what is wanted.

    `again`: create rows again that somebody else removed.
    """
    rows = _matched(wanted, found, ours, again=again)
    removed = frozenset() if again else ours.removed if ours.was_removing else _removed(wanted, rows, ours)
    orphaned = _orphaned(rows, ours)
    orphans = [RemoveRow(Resource.DIGITALE_ADRESSEN, noted.uuid, (key,)) for key, noted in orphaned.items()]
    kept = {key: _kept(key, row, wanted, ours) for key, row in rows.items()} | orphaned
    if not wanted.parts and (root := rows.get(KLANTCONTACT) or next(found.of(Resource.KLANTCONTACTEN), None)):
        # It is ours also where the state is lost: its metadata says so.
        rows = {**rows, KLANTCONTACT: root}
        others = tuple(_of_others(found, rows.values(), found.rows, ours))
        return RowComparison((*orphans, *_removal_of_all(found, rows)), kept, removed, others)
    unfinished = list(_unfinished(found, rows, ours))
    left = (
        *(row for key, row in _surplus(wanted, rows) if _is_in_hands(row, ours.rows.get(key))),
        *(row for row in unfinished if _is_in_hands(row, None)),
    )
    surplus = {key: row for key, row in _surplus(wanted, rows) if row not in left}
    gone_with = [row for each in surplus.values() for row in found.of(Resource.DIGITALE_ADRESSEN, each.uuid)]
    return RowComparison(
        (
            *orphans,
            *_creations(wanted, rows, removed),
            *_couplings(wanted, rows),
            *_changes(wanted, rows, ours),
            *_removals(found, surplus),
            *_removals_of_unfinished(found, (row for row in unfinished if row not in left)),
        ),
        {key: noted for key, noted in kept.items() if rows.get(key) not in left},
        removed,
        tuple(_of_others(found, rows.values(), gone_with, ours)),
        left,
    )


# Which row is which part ---------------------------------------------------------------------------------------------


def _matched(wanted: WantedParts, found: FoundRows, ours: Ours, *, again: bool) -> dict[str, FoundRow]:
    """Return the rows that Open Klant has, by the key of their part."""
    by_uuid = found.by_uuid
    rows = {key: by_uuid[noted.uuid] for key, noted in ours.rows.items() if noted.uuid in by_uuid}
    free = {uuid: row for uuid, row in by_uuid.items() if row not in rows.values()}
    unmatched = [part for part in wanted.parts if again or part.key not in ours.rows]
    for fits in (_is_equal, is_same):
        for part in unmatched:
            if part.key not in rows:
                row = next((each for each in free.values() if _hangs_so(part, each, rows) and fits(part, each)), None)
                if row is not None:
                    rows[part.key] = free.pop(row.uuid)
    return rows


def _hangs_so(part: WantedPart, row: FoundRow, rows: Mapping[str, FoundRow]) -> bool:
    """Whether a row hangs where the part does, or can be hung there."""
    if part.parent is None or (row.resource is Resource.PARTIJ_IDENTIFICATOREN and row.parent is None):
        return True
    parent = rows.get(part.parent)
    return parent is not None and row.parent == parent.uuid


def _is_equal(part: WantedPart, row: FoundRow) -> bool:
    return row.resource is part.resource and row.merk == part.merk


def _removed(wanted: WantedParts, rows: Mapping[str, FoundRow], ours: Ours) -> frozenset[str]:
    """Return the keys of the rows that somebody else removed, with those that hung on them."""
    meant = wanted.by_key.keys() | wanted.undecided
    gone = {key for key in meant if key in ours.removed or (key in ours.rows and key not in rows)}
    for part in wanted.parts:
        if part.parent in gone:
            gone.add(part.key)
    return frozenset(gone)


def _orphaned(rows: Mapping[str, FoundRow], ours: Ours) -> dict[str, Noted]:
    """Return the addresses of ours whose betrokkene somebody else removed: Open Klant keeps them without an owner."""
    givers = {key: giver_of(key) for key in ours.rows if resource_of(key) is Resource.DIGITALE_ADRESSEN}
    gone = (key for key, giver in givers.items() if giver != PARTIJ and rows.keys().isdisjoint({key, giver}))
    return {key: ours.rows[key] for key in gone}


def _kept(key: str, row: FoundRow, wanted: WantedParts, ours: Ours) -> Noted:
    """Return the note of a row: its present contents where the bridge read it, else the note as it was."""
    noted, part = ours.rows.get(key), wanted.by_key.get(key)
    if noted is not None and (key in wanted.undecided or row.merk is None):
        return noted
    toegewezen = noted.toegewezen if noted is not None else part.toegewezen if part is not None else ()
    return Noted(row.uuid, row.merk or "", toegewezen)


def _of_others(
    found: FoundRows, of_ours: Iterable[FoundRow], going: Iterable[FoundRow], ours: Ours
) -> Iterator[FoundRow]:
    known = {row.uuid: row for row in of_ours}
    noted = {each.uuid: each for each in ours.rows.values()}
    for row in going:
        if row.uuid not in known or _is_in_hands(row, noted.get(row.uuid)):
            yield found.by_uuid[row.uuid]


def _is_in_hands(row: FoundRow, noted: Noted | None) -> bool:
    """Whether people work on a taak: it is done, or given to somebody else than we gave it to."""
    return row.resource is Resource.INTERNE_TAKEN and (
        row.status == DONE or (noted is not None and bool(row.body) and row.toegewezen != noted.toegewezen)
    )


# Calls ---------------------------------------------------------------------------------------------------------------


def _creations(wanted: WantedParts, rows: Mapping[str, FoundRow], removed: frozenset[str]) -> Iterator[CreateRow]:
    missing = [part for part in wanted.parts if part.key not in rows and part.key not in removed]
    done: set[str] = set()
    for part in missing:
        if part.key not in done:
            together = (part, *_with(part, missing))
            done.update(each.key for each in together)
            yield CreateRow(together)


def _with(root: WantedPart, missing: Iterable[WantedPart]) -> Iterator[WantedPart]:
    """Yield the parts that are created in one call with a klantcontact or partij."""
    hanging = [each for each in missing if each.parent == root.key]
    if root.resource is Resource.PARTIJEN:
        yield from (each for each in hanging if each.resource is Resource.PARTIJ_IDENTIFICATOREN)
    if root.resource is Resource.KLANTCONTACTEN:
        firsts = (next((each for each in hanging if each.resource is resource), None) for resource in TOGETHER)
        yield from (each for each in firsts if each is not None)


def _couplings(wanted: WantedParts, rows: Mapping[str, FoundRow]) -> Iterator[CoupleRow]:
    for part in wanted.parts:
        row = rows.get(part.key)
        if row is not None and row.resource is Resource.PARTIJ_IDENTIFICATOREN and row.parent is None:
            yield CoupleRow(part, row.uuid)


def _changes(wanted: WantedParts, rows: Mapping[str, FoundRow], ours: Ours) -> Iterator[ChangeRow]:
    for part in wanted.parts:
        row = rows.get(part.key)
        if row is not None and (body := _difference(part, row, ours.rows.get(part.key))):
            yield ChangeRow(part, row.uuid, body)


def _difference(part: WantedPart, row: FoundRow, noted: Noted | None) -> Body:
    says = row.merk or (noted.merk if noted is not None else None)
    body = as_changed(part.resource, part.body) if says != part.merk else {}
    if noted is not None and part.toegewezen != noted.toegewezen and row.toegewezen == noted.toegewezen:
        body["toegewezenAanActoren"] = [{"uuid": each} for each in part.toegewezen]
    return body


def _surplus(wanted: WantedParts, rows: Mapping[str, FoundRow]) -> Iterator[tuple[str, FoundRow]]:
    for key, row in rows.items():
        if key not in wanted.by_key and key not in wanted.undecided:
            yield key, row


def _removals(found: FoundRows, surplus: Mapping[str, FoundRow]) -> Iterator[RemoveRow]:
    """Yield the removals. Addresses of a betrokkene that goes come first, also those that others gave it.

    Open Klant removes the other rows that hang on one that goes.
    """
    going = {row.uuid: row for row in surplus.values()}
    keys = {row.uuid: key for key, row in surplus.items()}
    for row in going.values():
        if row.resource is Resource.BETROKKENEN:
            for adres in found.of(Resource.DIGITALE_ADRESSEN, row.uuid):
                yield RemoveRow(adres.resource, adres.uuid, tuple(keys[each] for each in (adres.uuid,) if each in keys))
    for row in going.values():
        if row.parent not in going:
            hanging = (each for each in going.values() if each.parent == row.uuid)
            yield RemoveRow(row.resource, row.uuid, tuple(keys[each.uuid] for each in (row, *hanging)))


def _removal_of_all(found: FoundRows, rows: Mapping[str, FoundRow]) -> Iterator[RemoveRow]:
    """Yield the removal of a klantcontact. Open Klant removes all that hangs on it except the addresses."""
    yield from (RemoveRow(each.resource, each.uuid) for each in found.of(Resource.DIGITALE_ADRESSEN))
    yield RemoveRow(Resource.KLANTCONTACTEN, rows[KLANTCONTACT].uuid, tuple(rows))


def _unfinished(found: FoundRows, rows: Mapping[str, FoundRow], ours: Ours) -> Iterator[FoundRow]:
    """Yield the rows that a call created just before the bridge ended, and that are no longer wanted."""
    known = {row.uuid for row in rows.values()}
    made = {row.merk: row for row in found.rows if row.uuid not in known}
    yield from (made[merk] for merk in sorted(ours.in_flight & made.keys()))


def _removals_of_unfinished(found: FoundRows, unfinished: Iterable[FoundRow]) -> Iterator[RemoveRow]:
    for row in unfinished:
        yield from (RemoveRow(each.resource, each.uuid) for each in found.of(Resource.DIGITALE_ADRESSEN, row.uuid))
        yield RemoveRow(row.resource, row.uuid, merk=row.merk)
