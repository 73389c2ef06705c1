"""The collections, the fields in them that are ours, and the writes that a batch leads to.

It is pure, so that the real store and its fake write the same.

Each thing stands in one place: in its own collection, in the confidential one beside it, or in `vervallen` when it is
gone. Two instances that both know nothing of it could still write it to two of them at once, since they write different
documents. So an instance that first hears of a thing also claims its place, wherever the thing goes. It inserts and
deletes one document in `CLAIMS`, which names all places that its batch claims. A unique index over them makes two
transactions that claim one place collide, and MongoDB makes one of them retry. A change stream shows what a transaction
inserts and deletes, so the claims have a collection of their own, which is empty to everybody else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
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
    KLANTCONTACTEN_VERTROUWELIJK = "klantcontacten_vertrouwelijk"
    PARTIJEN = "partijen"
    INTERNE_TAKEN = "interne_taken"
    INTERNE_TAKEN_VERTROUWELIJK = "interne_taken_vertrouwelijk"
    VERVALLEN = "vervallen"


CONFIDENTIAL: Final[Mapping[Collection, Collection]] = {
    Collection.KLANTCONTACTEN: Collection.KLANTCONTACTEN_VERTROUWELIJK,
    Collection.INTERNE_TAKEN: Collection.INTERNE_TAKEN_VERTROUWELIJK,
}
"""Where a thing of a confidential contact stands, so that MongoDB's rights part it from the ordinary ones."""


def places_of(collection: Collection) -> tuple[Collection, ...]:
    """Return a collection, and the one in which its things stand when they turn confidential, or back."""
    return next((pair for pair in CONFIDENTIAL.items() if collection in pair), (collection,))


CLAIMS: Final = "plaatsclaims"
"""The collection of the claims, for the collections of every generation."""

CLAIMED: Final = "places"
"""In `CLAIMS`: the field of the places that one transaction claims, which has the unique index."""

FROM = "collectie"
"""In `vervallen`: the collection that the document was in, confidential or not. The name is that of the ordinary one: a
withdrawal does not say which it was."""

SINCE = "sinds"
"""In `vervallen`: when the document was last written. Its retention counts from there (`layout.py`)."""


_OF_KLANTCONTACTEN: Final = frozenset(
    {"klantcontact", "actoren", "betrokkenen", "onderwerpobjecten", "bijlagen", "besluit", "herkomst"}
)
_OF_TAKEN: Final = frozenset(
    {
        "interneTaak.taakId",
        "interneTaak.nummer",
        "interneTaak.gevraagdeHandeling",
        "interneTaak.toelichting",
        "interneTaak.vertrouwelijk",
        "interneTaak.toegewezenOp",
        "interneTaak.toegewezenAan",
        "interneTaak.aanleidinggevendKlantcontact",
        "interneTaak.plaatsgevondenOp",
        "besluit",
        "herkomst",
    }
)
"""Without its status, which belongs to those who do the taak, also where `taak.reopening` sets it."""

OURS: Mapping[Collection, frozenset[str]] = {
    Collection.KLANTCONTACTEN: _OF_KLANTCONTACTEN,
    Collection.KLANTCONTACTEN_VERTROUWELIJK: _OF_KLANTCONTACTEN,
    Collection.PARTIJEN: frozenset(
        {
            "nummer",
            "soortPartij",
            "identificatie",
            "toestemming",
            "beperking",
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
    Collection.INTERNE_TAKEN: _OF_TAKEN,
    Collection.INTERNE_TAKEN_VERTROUWELIJK: _OF_TAKEN,
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
            "beperking",
            "bijdragen",
            "versies",
        }
    ),
}
"""Paths of the fields that follow from events. Others may add fields to all collections but the last, and theirs stay.
A test compares these paths with those that each `Amendment` sets and removes."""

WITH_FIELDS_OF_OTHERS: Final = tuple(each for each in Collection if each is not Collection.VERVALLEN)


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
    """Claims the place of a document that is in none of its collections, until the transaction ends."""

    identifier: str


Write = Insert | Amend | Remove | Claim
"""A batch has at most one for each document of a collection beside its claim, so their order does not matter."""

Placed = tuple[Collection, Write]


Whole = Mapping[str, Document]
"""Stored documents by id, with the fields of others."""


def moving(known: States, changed: States) -> Mapping[Collection, list[str]]:
    """Return the ids of the things that turn confidential, or back, by the collection that they leave.

    `plan` needs their stored documents: the fields of others move along.
    """
    leaving: dict[Collection, list[str]] = defaultdict(list)
    for collection, before, after in (
        (Collection.KLANTCONTACTEN, known.klantcontacten, changed.klantcontacten),
        (Collection.INTERNE_TAKEN, known.taken, changed.taken),
    ):
        for identifier, state in after.items():
            was = before.get(identifier)
            if isinstance(was, Kept) and isinstance(state, Kept) and was.vertrouwelijk is not state.vertrouwelijk:
                leaving[_place(collection, was)].append(identifier)
    return leaving


def plan(known: States, changed: States, whole: Whole, now: datetime) -> Iterator[Placed]:
    """Yield the writes that bring the database from the known to the changed states.

    `whole` has the stored documents of what is `moving`. The partijen come first: another instance may change one at
    the same time, and the second of the two should not have written the rest in vain.
    """
    for identifier, partij in changed.partijen.items():
        yield from _of_partij(identifier, known.partijen.get(identifier), partij, now)
    for identifier, contact in changed.klantcontacten.items():
        was = known.klantcontacten.get(identifier)
        yield from _versioned(Collection.KLANTCONTACTEN, identifier, was, contact, klantcontact.amendment, whole, now)
    for identifier, state in changed.taken.items():
        was = known.taken.get(identifier)
        amend = taak.reopening if isinstance(state, Kept) and state.reopens else taak.amendment
        yield from _versioned(Collection.INTERNE_TAKEN, identifier, was, state, amend, whole, now)


def _of_partij(identifier: str, was: PartijState | None, partij: PartijState, now: datetime) -> Iterator[Placed]:
    before = _place_of_partij(was)
    if partij.kern is None:
        yield from _gone(Collection.PARTIJEN, before, partij_document.marker(identifier, partij), now)
        return
    if was is None or was.kern is None:
        document = partij_document.document(identifier, partij)
        yield from _inserted(Collection.PARTIJEN, before, Collection.PARTIJEN, document)
    else:
        yield Collection.PARTIJEN, Amend(identifier, partij_document.amendment(was, partij))


def _place(collection: Collection, state: Versioned) -> Collection:
    if isinstance(state, Gone):
        return Collection.VERVALLEN
    return CONFIDENTIAL[collection] if state.vertrouwelijk else collection


def _place_of_partij(state: PartijState | None) -> Collection | None:
    if state is None:
        return None
    return Collection.VERVALLEN if state.kern is None else Collection.PARTIJEN


def _versioned(
    collection: Collection,
    identifier: str,
    was: Versioned | None,
    state: Versioned,
    amend: Callable[[Document], Amendment],
    whole: Whole,
    now: datetime,
) -> Iterator[Placed]:
    before = None if was is None else _place(collection, was)
    if isinstance(state, Gone):
        yield from _gone(collection, before, {"_id": identifier, **state.revision._asdict()}, now)
        return
    document = state.document
    assert document is not None, "a changed state was made from an event"
    if identifier in whole:
        document = amend(document).applied_to(whole[identifier])
    yield from _kept(collection, before, _place(collection, state), document, amend)


def _kept(
    collection: Collection,
    before: Collection | None,
    place: Collection,
    document: Document,
    amend: Callable[[Document], Amendment],
) -> Iterator[Placed]:
    if before is place:
        yield place, Amend(document["_id"], amend(document))
    else:
        yield from _inserted(collection, before, place, document)


def _inserted(
    collection: Collection, before: Collection | None, place: Collection, document: Document
) -> Iterator[Placed]:
    identifier = document["_id"]
    yield place, Insert(document)
    yield (collection, Claim(identifier)) if before is None else (before, Remove(identifier))


def _gone(collection: Collection, before: Collection | None, marker: Document, now: datetime) -> Iterator[Placed]:
    identifier = marker["_id"]
    remembered = {**marker, FROM: collection.value, SINCE: now}
    if before is Collection.VERVALLEN:
        yield before, Amend(identifier, partij_document.marker_amendment(remembered))
        return
    yield (collection, Claim(identifier)) if before is None else (before, Remove(identifier))
    yield Collection.VERVALLEN, Insert(remembered)
