"""The stored klantcontact: the newest decision about it, with its actoren, betrokkenen and onderwerpobjecten.

Details that the event brings to a partij are stored with the partij (`partij.py`).
"""

from typing import Final

from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from services.projector.events import Data, Fact
from services.projector.merging.documents import Amendment, ProjectedDocument, milliseconds
from services.projector.merging.versioned import Gone, Kept, Versioned, is_news, revision_of

ELSEWHERE: Final = "partijen"


def merge(known: Versioned | None, fact: Fact) -> Versioned | None:
    """Return the klantcontact after one more event. The order of events does not matter."""
    data = fact.data
    revision = revision_of(data)
    if fact.model is KlantcontactWithdrawn:
        # One that moved continues under the same id on the other topic, which we read too.
        return Gone(revision) if not data["verplaatst"] and is_news(known, revision, gone=True) else known
    vertrouwelijk = data["klantcontact"]["vertrouwelijk"]
    if not is_news(known, revision, vertrouwelijk=vertrouwelijk):
        return known
    return Kept(revision, vertrouwelijk, _document(data))


def _document(data: Data) -> ProjectedDocument:
    klantcontact = data["klantcontact"]
    document = {"_id": klantcontact["klantcontactId"], **data}
    del document[ELSEWHERE]
    document["klantcontact"] = {**klantcontact, "plaatsgevondenOp": milliseconds(klantcontact["plaatsgevondenOp"])}
    return document


def amendment(document: ProjectedDocument) -> Amendment:
    """Return what a newer decision changes in the existing document."""
    return Amendment({name: value for name, value in document.items() if name != "_id"})
