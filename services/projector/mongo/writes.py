"""The collections, the fields in them that are ours, and the writes that a batch leads to.

It is pure, so that the real store and its fake write the same.

Each thing stands in one place: in its own collection, or in `vervallen` when it is gone. Two instances that both know
nothing of it could still write it to both at once, since they write different documents. So an instance that first
hears of a thing also claims its place, whether the thing is there or gone: it inserts and deletes a document in
`CLAIMS`. Then the two transactions collide, and MongoDB makes one of them retry. A change stream shows what a
transaction inserts and deletes, so the claims have a collection of their own, which is empty to everybody else.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Final

from schemas.values import value_class
from services.projector.merging import klantcontact, partij_document, taak
from services.projector.merging.documents import Amendment
from services.projector.merging.partij import PartijState
from services.projector.merging.projection import States
from services.projector.merging.versioned import Gone, Kept, Versioned
from services.runtime.mongo.client import Document


class Collection(StrEnum):
    """The collections of the register."""

    KLANTCONTACTEN = "klantcontacten"
    PARTIJEN = "partijen"
    INTERNE_TAKEN = "interne_taken"
    VERVALLEN = "vervallen"


CLAIMS: Final = "plaatsclaims"
"""The collection of the claims, for the collections of every generation."""

FROM = "collectie"
"""In `vervallen`: the collection that the document was in."""

SINCE = "sinds"
"""In `vervallen`: when the document was last written. Its retention counts from there (`layout.py`)."""


OURS: Mapping[Collection, frozenset[str]] = {
    Collection.KLANTCONTACTEN: frozenset(
        {"klantcontact", "actoren", "betrokkenen", "onderwerpobjecten", "bijlagen", "besluit", "herkomst"}
    ),
    Collection.PARTIJEN: frozenset(
        {
            "nummer",
            "soortPartij",
            "identificatie",
            "toestemming",
            "partijIdentificatoren",
            "contactnaam",
            "organisatienaam",
            "digitaleAdressen",
            "bezoekadres",
            "correspondentieadres",
            "werkteVoorPartij",
            "versie",
            "geleegdBij",
            "vervallenBij",
            "bijdragen",
            "versies",
        }
    ),
    # Without its status, which belongs to those who do the taak, also where `taak.reopening` sets it.
    Collection.INTERNE_TAKEN: frozenset(
        {
            "interneTaak.taakId",
            "interneTaak.nummer",
            "interneTaak.gevraagdeHandeling",
            "interneTaak.toelichting",
            "interneTaak.toegewezenOp",
            "interneTaak.toegewezenAan",
            "interneTaak.aanleidinggevendKlantcontact",
            "interneTaak.plaatsgevondenOp",
            "besluit",
            "herkomst",
        }
    ),
    # Without `sinds`, which is the time of writing. Nobody else can add fields here.
    Collection.VERVALLEN: frozenset(
        {
            "collectie",
            "revisie",
            "besluitversie",
            "versie",
            "geleegdBij",
            "vervallenBij",
            "toestemming",
            "bijdragen",
            "versies",
        }
    ),
}
"""Paths of the fields that follow from events. Others may add fields to the first three collections, and theirs stay.
A test compares these paths with those that each `Amendment` sets and removes."""

WITH_FIELDS_OF_OTHERS = (Collection.KLANTCONTACTEN, Collection.PARTIJEN, Collection.INTERNE_TAKEN)


# The writes of a batch ------------------------------------------------------------------------------------------------


@value_class(frozen=True, slots=True)
class Insert:
    """Inserts a document that does not exist yet."""

    document: Document


@value_class(frozen=True, slots=True)
class Amend:
    """Changes our fields of an existing document."""

    identifier: str
    amendment: Amendment


@value_class(frozen=True, slots=True)
class Remove:
    """Deletes a document."""

    identifier: str


@value_class(frozen=True, slots=True)
class Claim:
    """Claims the place of a document that is in neither of its collections, until the transaction ends."""

    identifier: str


Write = Insert | Amend | Remove | Claim
"""A batch has at most one for each document of a collection beside its claim, so their order does not matter."""

Placed = tuple[Collection, Write]


class _Place(Enum):
    """The place of one thing: nowhere yet, its own collection, or `vervallen`."""

    NOWHERE = auto()
    KEPT = auto()
    GONE = auto()


def plan(known: States, changed: States, now: datetime) -> Iterator[Placed]:
    """Yield the writes that bring the database from the known to the changed states."""
    for identifier, contact in changed.klantcontacten.items():
        place = _place(known.klantcontacten.get(identifier))
        yield from _versioned(Collection.KLANTCONTACTEN, identifier, place, contact, klantcontact.amendment, now)
    for identifier, state in changed.taken.items():
        place = _place(known.taken.get(identifier))
        amend = taak.reopening if isinstance(state, Kept) and state.reopens else taak.amendment
        yield from _versioned(Collection.INTERNE_TAKEN, identifier, place, state, amend, now)
    for identifier, partij in changed.partijen.items():
        place = _place_of_partij(known.partijen.get(identifier))
        if partij.kern is not None:
            document = partij_document.document(identifier, partij)
            yield from _kept(Collection.PARTIJEN, place, document, partij_document.amendment)
        else:
            yield from _gone(Collection.PARTIJEN, place, partij_document.marker(identifier, partij), now)


def _place(state: Versioned | None) -> _Place:
    if state is None:
        return _Place.NOWHERE
    return _Place.KEPT if isinstance(state, Kept) else _Place.GONE


def _place_of_partij(state: PartijState | None) -> _Place:
    if state is None:
        return _Place.NOWHERE
    return _Place.GONE if state.kern is None else _Place.KEPT


def _versioned(
    collection: Collection,
    identifier: str,
    place: _Place,
    state: Versioned,
    amend: Callable[[Document], Amendment],
    now: datetime,
) -> Iterator[Placed]:
    if isinstance(state, Gone):
        yield from _gone(collection, place, {"_id": identifier, **state.revision._asdict()}, now)
    else:
        assert state.document is not None, "a changed state was made from an event"
        yield from _kept(collection, place, state.document, amend)


def _kept(
    collection: Collection, place: _Place, document: Document, amend: Callable[[Document], Amendment]
) -> Iterator[Placed]:
    identifier = document["_id"]
    if place is _Place.KEPT:
        yield collection, Amend(identifier, amend(document))
        return
    yield collection, Insert(document)
    if place is _Place.GONE:
        yield Collection.VERVALLEN, Remove(identifier)
    else:
        yield collection, Claim(identifier)


def _gone(collection: Collection, place: _Place, marker: Document, now: datetime) -> Iterator[Placed]:
    identifier = marker["_id"]
    remembered = {**marker, FROM: collection.value, SINCE: now}
    if place is _Place.GONE:
        yield Collection.VERVALLEN, Amend(identifier, partij_document.marker_amendment(remembered))
        return
    yield collection, Remove(identifier) if place is _Place.KEPT else Claim(identifier)
    yield Collection.VERVALLEN, Insert(remembered)
