"""States read back from stored documents."""

from collections.abc import Iterable
from dataclasses import replace

from services.projector.merging.partij_document import state_of
from services.projector.merging.projection import States
from services.projector.merging.taak import actor_of
from services.projector.merging.versioned import Gone, Kept, Revision
from services.projector.mongo.writes import FROM, Collection
from services.runtime.mongo.client import Document


def states_of(
    *,
    klantcontacten: Iterable[Document],
    taken: Iterable[Document],
    partijen: Iterable[Document],
    vervallen: Iterable[Document],
) -> States:
    """Return the states that documents of each collection hold."""
    known = States(
        klantcontacten={stored["_id"]: _kept(stored) for stored in klantcontacten},
        taken={stored["_id"]: _kept_taak(stored) for stored in taken},
        partijen={stored["_id"]: state_of(stored) for stored in partijen},
    )
    for stored in vervallen:
        match stored[FROM]:
            case Collection.PARTIJEN:
                known.partijen[stored["_id"]] = state_of(stored)
            case Collection.KLANTCONTACTEN:
                known.klantcontacten[stored["_id"]] = _gone(stored)
            case Collection.INTERNE_TAKEN:
                known.taken[stored["_id"]] = _gone(stored)
    return known


def told_by(collection: Collection, documents: Iterable[Document]) -> States:
    """Return whole documents of one collection as states to merge into another generation."""
    match collection:
        case Collection.KLANTCONTACTEN:
            return States(klantcontacten={each["_id"]: replace(_kept(each), document=each) for each in documents})
        case Collection.INTERNE_TAKEN:
            return States(taken={each["_id"]: replace(_kept_taak(each), document=each) for each in documents})
        case Collection.PARTIJEN:
            return States(partijen={each["_id"]: state_of(each) for each in documents})
        case Collection.VERVALLEN:
            return states_of(klantcontacten=(), taken=(), partijen=(), vervallen=documents)


def _kept(stored: Document) -> Kept:
    return Kept(Revision(stored["herkomst"]["revisie"], stored["besluit"]["besluitversie"]))


def _kept_taak(stored: Document) -> Kept:
    return replace(_kept(stored), actor=actor_of(stored))


def _gone(stored: Document) -> Gone:
    return Gone(Revision(stored["revisie"], stored["besluitversie"]))
