"""The one function that holds what Open Klant should have against what it has, and returns the calls to make.

The laws of this file:

1. What is wanted and not there is created, parents first. A row that somebody else removed is not made again.
2. A row that says something else is changed. An unread row says what was noted of it.
3. Only rows of ours are removed: those that were noted, and the one that a call was making when the bridge last ended.
   What others hung on a klantcontact of ours goes only with it, and is named.
4. An address is removed before the betrokkene that gave it, or after one that somebody else removed: Open Klant would
   keep it without an owner.
5. The people who do a taak own its status and its actoren. Its actoren are changed only while they are those that we
   wrote, and a taak that is done, or was given to another, is left to them.
6. Nothing is removed because it is absent from what the projector shows: `WantedParts.undecided` stays as it is.
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
"""The first of each is created in one call with the klantcontact, and all identificatoren with the partij."""


@value_class(frozen=True, slots=True)
class CreateRow:
    """Creates rows in one call: that of the first part, with those of the others."""

    parts: tuple[WantedPart, ...]


@value_class(frozen=True, slots=True)
class ChangeRow:
    """Changes a row."""

    part: WantedPart
    uuid: str
    body: Body


@value_class(frozen=True, slots=True)
class RemoveRow:
    """Removes a row, and with it what Open Klant removes by itself."""

    resource: Resource
    uuid: str
    keys: tuple[str, ...] = ()
    """Of the rows of ours that are gone then."""


@value_class(frozen=True, slots=True)
class CoupleRow:
    """Hangs an identificator without a partij, which somebody made for a vestiging, on the partij that it names."""

    part: WantedPart
    uuid: str


Call = CreateRow | ChangeRow | RemoveRow | CoupleRow


@value_class(frozen=True, slots=True)
class RowComparison:
    """What to do, and what came to light."""

    calls: tuple[Call, ...]
    kept: Mapping[str, Noted]
    """The rows of ours that are there, by key, as they are before the calls."""
    removed: frozenset[str]
    """Keys of rows that somebody else removed."""
    others: tuple[FoundRow, ...] = ()
    """Rows of others, and taken that people work on, which go with a klantcontact or betrokkene of ours."""
    left: tuple[FoundRow, ...] = ()
    """Taken that are gone here and are left to the people who work on them."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing is to be done."""
        return not self.calls


def compare(wanted: WantedParts, found: FoundRows, ours: Ours, *, again: bool = False) -> RowComparison:
    """Return the calls that make Open Klant equal to what is wanted.

    `again`: what somebody else removed is made again.
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
    left = tuple(row for key, row in _surplus(wanted, rows) if _is_in_hands(row, ours.rows.get(key)))
    surplus = {key: row for key, row in _surplus(wanted, rows) if row not in left}
    gone_with = [row for each in surplus.values() for row in found.of(Resource.DIGITALE_ADRESSEN, each.uuid)]
    return RowComparison(
        (
            *orphans,
            *_creations(wanted, rows, removed),
            *_couplings(wanted, rows),
            *_changes(wanted, rows, ours),
            *_removals(found, surplus),
            *_unfinished(found, rows, ours),
        ),
        {key: noted for key, noted in kept.items() if rows.get(key) not in left},
        removed,
        tuple(_of_others(found, rows.values(), gone_with, ours)),
        left,
    )


# What is what --------------------------------------------------------------------------------------------------------


def _matched(wanted: WantedParts, found: FoundRows, ours: Ours, *, again: bool) -> dict[str, FoundRow]:
    """Return the rows that are there, by the key of what they are."""
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
    """Return the note of a row that is there: what it says now, where it was read."""
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
    """Yield the removals: of addresses first, those that others gave a betrokkene that goes among them.

    What hangs on a row that goes needs no call of its own, unless it is such an address.
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
    """Yield the removal of a klantcontact: Open Klant removes the rest with it, but for the addresses."""
    for row in found.of(Resource.DIGITALE_ADRESSEN):
        yield RemoveRow(row.resource, row.uuid)
    yield RemoveRow(Resource.KLANTCONTACTEN, rows[KLANTCONTACT].uuid, tuple(rows))


def _unfinished(found: FoundRows, rows: Mapping[str, FoundRow], ours: Ours) -> Iterator[RemoveRow]:
    """Yield the removal of what a call made just before the bridge ended, and nobody wants any more."""
    known = {row.uuid for row in rows.values()}
    for row in found.rows:
        if ours.in_flight is not None and row.merk == ours.in_flight and row.uuid not in known:
            yield RemoveRow(row.resource, row.uuid)
            return


def needs_reading(wanted: WantedParts, ours: Ours) -> frozenset[str]:
    """Return the keys of noted rows that must be read before they are changed or removed.

    A taak may be in hands, and others may have given a betrokkene an address.
    """
    by_key = wanted.by_key
    return frozenset(
        key
        for key, noted in ours.rows.items()
        if key not in wanted.undecided
        and (
            (resource_of(key) is Resource.BETROKKENEN and key not in by_key)
            or (resource_of(key) is Resource.INTERNE_TAKEN and _differs(by_key.get(key), noted))
        )
    )


def _differs(part: WantedPart | None, noted: Noted) -> bool:
    return part is None or (part.merk, part.toegewezen) != (noted.merk, noted.toegewezen)
