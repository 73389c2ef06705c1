"""States read back from stored documents."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.projector.merging.partij_document import state_of
from services.projector.merging.projection import States, Touched
from services.projector.merging.taak import actor_of
from services.projector.merging.versioned import Gone, Kept, Revision, Versioned
from services.projector.mongo.writes import CONFIDENTIAL, FROM, Collection
from services.runtime.mongo.client import Document


def places_to_look(touched: Touched) -> Mapping[Collection, frozenset[str]]:
    """Return the ids to look up in each collection: a thing may stand in any of its places."""
    return {
        Collection.KLANTCONTACTEN: touched.klantcontacten,
        Collection.KLANTCONTACTEN_VERTROUWELIJK: touched.klantcontacten,
        Collection.PARTIJEN: touched.partijen,
        Collection.INTERNE_TAKEN: touched.taken,
        Collection.INTERNE_TAKEN_VERTROUWELIJK: touched.taken,
        Collection.VERVALLEN: touched.klantcontacten | touched.taken | touched.partijen,
    }


def states_of(stored_in: Mapping[Collection, Iterable[Document]]) -> States:
    """Return the states that documents of each collection hold. The collection says whether one is confidential."""
    known = States(
        klantcontacten=_kept_in(stored_in, Collection.KLANTCONTACTEN),
        taken=_kept_in(stored_in, Collection.INTERNE_TAKEN),
        partijen={stored["_id"]: state_of(stored) for stored in stored_in.get(Collection.PARTIJEN, ())},
    )
    for stored in stored_in.get(Collection.VERVALLEN, ()):
        match stored[FROM]:
            case Collection.PARTIJEN:
                known.partijen[stored["_id"]] = state_of(stored)
            case Collection.KLANTCONTACTEN:
                known.klantcontacten[stored["_id"]] = _gone(stored)
            case Collection.INTERNE_TAKEN:
                known.taken[stored["_id"]] = _gone(stored)
    return known


def told_by(collection: Collection, documents: Iterable[Document]) -> States:
    """Return whole documents of one collection as states to merge into another generation.

    What they hold says whether they are confidential: a release before this one kept them all in one collection.
    """
    match collection:
        case Collection.KLANTCONTACTEN | Collection.KLANTCONTACTEN_VERTROUWELIJK:
            return States(klantcontacten={each["_id"]: _whole(each, "klantcontact") for each in documents})
        case Collection.INTERNE_TAKEN | Collection.INTERNE_TAKEN_VERTROUWELIJK:
            return States(
                taken={each["_id"]: replace(_whole(each, "interneTaak"), actor=actor_of(each)) for each in documents}
            )
        case Collection.PARTIJEN:
            return States(partijen={each["_id"]: state_of(each) for each in documents})
        case Collection.VERVALLEN:
            return states_of({Collection.VERVALLEN: documents})


def _kept_in(stored_in: Mapping[Collection, Iterable[Document]], collection: Collection) -> dict[str, Versioned]:
    kept: dict[str, Versioned] = {}
    for place in (collection, CONFIDENTIAL[collection]):
        for stored in stored_in.get(place, ()):
            actor = actor_of(stored) if collection is Collection.INTERNE_TAKEN else None
            kept[stored["_id"]] = Kept(_revision_of(stored), vertrouwelijk=place is not collection, actor=actor)
    return kept


def _whole(stored: Document, thing: str) -> Kept:
    # A taak of 0.1.0 does not say, and stands with the ordinary ones.
    return Kept(_revision_of(stored), stored[thing].get("vertrouwelijk", False), stored)


def _revision_of(stored: Document) -> Revision:
    return Revision(stored["herkomst"]["revisie"], stored["besluit"]["besluitversie"])


def _gone(stored: Document) -> Gone:
    return Gone(Revision(stored["revisie"], stored["besluitversie"]))
