"""What the documents that are there say of everything that a batch touches."""

from collections.abc import Iterable

from services.projector.documents import Document
from services.projector.partij_document import state_of
from services.projector.projection import States
from services.projector.versioned import Gone, Kept, Revision
from services.projector.writes import FROM, Collection


def states_of(
    *,
    klantcontacten: Iterable[Document],
    taken: Iterable[Document],
    partijen: Iterable[Document],
    vervallen: Iterable[Document],
) -> States:
    """Read the states back from the documents of each collection."""
    known = States(
        klantcontacten={stored["_id"]: _kept(stored) for stored in klantcontacten},
        taken={stored["_id"]: _kept(stored) for stored in taken},
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


def _kept(stored: Document) -> Kept:
    return Kept(Revision(stored["herkomst"]["revisie"], stored["besluit"]["besluitversie"]))


def _gone(stored: Document) -> Gone:
    return Gone(Revision(stored["revisie"], stored["besluitversie"]))
