"""What a batch changes, as writes to collections. Pure, so that the real store and its fake write the same.

One thing stands in one place: in its own collection when it is there, in `vervallen` when it is gone. Two
instances that both know nothing of it yet could still put it in both at once, since neither writes what the other
does. Whoever is the first to hear that it is gone therefore claims its place in its own collection for as long as
the transaction lasts: then the database sees the two collide, and one of them tries again.

Which fields of a document are ours, that is, follow from events. Others may add fields, and theirs are let be.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum, StrEnum, auto

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


FROM = "collectie"
"""In `vervallen`: the collection that it is gone from."""

SINCE = "sinds"
"""In `vervallen`: when it was last written; it is kept for a while from then on (`layout.py`)."""


@value_class(frozen=True, slots=True)
class Insert:
    """Put in a document that is not there yet."""

    document: Document


@value_class(frozen=True, slots=True)
class Amend:
    """Change our fields of a document that is there."""

    identifier: str
    amendment: Amendment


@value_class(frozen=True, slots=True)
class Remove:
    """Take a document away."""

    identifier: str


@value_class(frozen=True, slots=True)
class Claim:
    """Hold the place of a document that is not there, until the transaction ends."""

    identifier: str


Write = Insert | Amend | Remove | Claim
"""At most one for each document of a collection in a batch, so that their order does not matter."""

Placed = tuple[Collection, Write]


class _Place(Enum):
    """Where something stands."""

    NOWHERE = auto()
    KEPT = auto()
    GONE = auto()


def plan(known: States, changed: States, now: datetime) -> Iterator[Placed]:
    """Give the writes that bring the database from what is known to what changed."""
    for identifier, contact in changed.klantcontacten.items():
        place = _place(known.klantcontacten.get(identifier))
        yield from _versioned(Collection.KLANTCONTACTEN, identifier, place, contact, klantcontact.amendment, now)
    for identifier, state in changed.taken.items():
        place = _place(known.taken.get(identifier))
        yield from _versioned(Collection.INTERNE_TAKEN, identifier, place, state, taak.amendment, now)
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
        assert state.document is not None, "what changed was made from an event"
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


def _gone(collection: Collection, place: _Place, marker: Document, now: datetime) -> Iterator[Placed]:
    identifier = marker["_id"]
    remembered = {**marker, FROM: collection.value, SINCE: now}
    if place is _Place.GONE:
        yield Collection.VERVALLEN, Amend(identifier, partij_document.marker_amendment(remembered))
        return
    yield collection, Remove(identifier) if place is _Place.KEPT else Claim(identifier)
    yield Collection.VERVALLEN, Insert(remembered)


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
    # Not its status: that belongs to whoever does the taak.
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
    # Not `sinds`, which says when it was written; here nobody can add anything.
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
"""Paths of fields. A test holds them against what `Amendment`s set and take away."""

WITH_FIELDS_OF_OTHERS = (Collection.KLANTCONTACTEN, Collection.PARTIJEN, Collection.INTERNE_TAKEN)
