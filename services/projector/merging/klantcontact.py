"""What is kept of a klantcontact: the newest decision about it, whole, with everybody and everything that took part.

The details that the event brings to partijen are not among it; they stand with the partij (`partij.py`).
"""

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from services.projector.merging.documents import Amendment, ProjectedDocument, milliseconds, plain
from services.projector.merging.versioned import Gone, Kept, Versioned, is_news, revision_of

ELSEWHERE = {"partijen"}


def merge(known: Versioned | None, fact: KlantcontactRegistered | KlantcontactWithdrawn) -> Versioned | None:
    """Give the klantcontact after one more event, whatever the order in which events come."""
    if isinstance(fact, KlantcontactWithdrawn) and fact.verplaatst:
        return known  # it goes on under the same id on the other topic, which is read too
    revision = revision_of(fact.herkomst, fact.besluit)
    gone = isinstance(fact, KlantcontactWithdrawn)
    if not is_news(known, revision, gone=gone):
        return known
    return Gone(revision) if isinstance(fact, KlantcontactWithdrawn) else Kept(revision, _document(fact))


def _document(fact: KlantcontactRegistered) -> ProjectedDocument:
    told = plain(fact, without=ELSEWHERE)
    klantcontact = told["klantcontact"]
    klantcontact["plaatsgevondenOp"] = milliseconds(fact.klantcontact.plaatsgevonden_op)
    # Null is an answer here: it is not known whether the contact was made.
    klantcontact["indicatieContactGelukt"] = fact.klantcontact.indicatie_contact_gelukt
    return {"_id": fact.klantcontact.klantcontact_id, **told}


def amendment(document: ProjectedDocument) -> Amendment:
    """Give what a newer decision changes in the document that is there."""
    return Amendment({name: value for name, value in document.items() if name != "_id"})
