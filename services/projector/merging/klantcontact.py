"""The stored klantcontact: the newest decision about it, with its actoren, betrokkenen and onderwerpobjecten.

Details that the event brings to a partij are stored with the partij (`partij.py`).
"""

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from services.projector.merging.documents import Amendment, ProjectedDocument, milliseconds, plain
from services.projector.merging.versioned import Gone, Kept, Versioned, is_news, revision_of

ELSEWHERE = {"partijen"}


def merge(known: Versioned | None, fact: KlantcontactRegistered | KlantcontactWithdrawn) -> Versioned | None:
    """Return the klantcontact after one more event. The order of events does not matter."""
    revision = revision_of(fact.herkomst, fact.besluit)
    if isinstance(fact, KlantcontactWithdrawn):
        # One that moved continues under the same id on the other topic, which we read too.
        return Gone(revision) if not fact.verplaatst and is_news(known, revision, gone=True) else known
    vertrouwelijk = fact.klantcontact.vertrouwelijk
    if not is_news(known, revision, vertrouwelijk=vertrouwelijk):
        return known
    return Kept(revision, vertrouwelijk, _document(fact))


def _document(fact: KlantcontactRegistered) -> ProjectedDocument:
    fields = plain(fact, without=ELSEWHERE)
    klantcontact = fields["klantcontact"]
    klantcontact["plaatsgevondenOp"] = milliseconds(fact.klantcontact.plaatsgevonden_op)
    # Null is a value here: nobody knows whether the contact was made.
    klantcontact["indicatieContactGelukt"] = fact.klantcontact.indicatie_contact_gelukt
    return {"_id": fact.klantcontact.klantcontact_id, **fields}


def amendment(document: ProjectedDocument) -> Amendment:
    """Return what a newer decision changes in the existing document."""
    return Amendment({name: value for name, value in document.items() if name != "_id"})
