"""The stored klantcontact: the newest decision about it, with its actoren, betrokkenen and onderwerpobjecten.

Details that the event brings to a partij are stored with the partij (`partij.py`).
"""

from typing import Final

from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from services.projector.events import Data, Fact
from services.projector.merging.documents import Amendment, ProjectedDocument, milliseconds
from services.projector.merging.versioned import Kept, Versioned, after_withdrawal, is_news, revision_of

ELSEWHERE: Final = "partijen"


def merge(known: Versioned | None, fact: Fact) -> Versioned | None:
    """Return the klantcontact after one more event. The order of events does not matter."""
    data = fact.data
    if fact.model is KlantcontactWithdrawn:
        return after_withdrawal(known, data)
    revision, vertrouwelijk = revision_of(data), data["klantcontact"]["vertrouwelijk"]
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
