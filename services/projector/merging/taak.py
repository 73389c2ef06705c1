"""The stored interne taak: the newest decision about it, and the status that its handlers have given it since.

A decision that gives the taak to another actor opens it again, whatever status the former actor had given it (VNG
C6114). What counts is the actor that stands there when the decision is taken in; an older decision that comes late
changes nothing. Within a batch each decision is compared with the one before it, so it makes no difference how the
events of a taak are divided over batches.
"""

from typing import Final

from schemas.taak_withdrawn_v1 import TaakWithdrawn
from services.projector.events import Data, Fact
from services.projector.merging.documents import Amendment, ProjectedDocument, milliseconds
from services.projector.merging.versioned import Kept, Versioned, after_withdrawal, is_news, revision_of

MADE_BY_OTHERS: Final = "status"
"""We set it to TO_BE_DONE when the taak is made, and when it goes to another actor. Else it belongs to those who do
the taak."""

TO_BE_DONE: Final = "te_verwerken"

MAY_BE_ABSENT: Final = "toelichting"

MOMENTS: Final = ("toegewezenOp", "plaatsgevondenOp")


def merge(known: Versioned | None, fact: Fact) -> Versioned | None:
    """Return the taak after one more event. The order of events does not matter."""
    data = fact.data
    if fact.model is TaakWithdrawn:
        return after_withdrawal(known, data)
    revision, vertrouwelijk = revision_of(data), data["interneTaak"]["vertrouwelijk"]
    if not is_news(known, revision, vertrouwelijk=vertrouwelijk):
        return known
    document = _document(data)
    actor = actor_of(document)
    return Kept(revision, vertrouwelijk, document, actor, reopens=_reopens(known, actor))


def is_one_actor(one: ProjectedDocument | None, other: ProjectedDocument | None) -> bool:
    """Whether two descriptions are of one actor: by identificator where they have it, else by kind and name."""
    return _who(one) == _who(other)


def _who(actor: ProjectedDocument | None) -> ProjectedDocument | None:
    return actor.get("actoridentificator", actor) if actor is not None else None


def _reopens(known: Versioned | None, actor: ProjectedDocument) -> bool:
    """Whether the taak was known, and now goes to another actor or is made again after it was withdrawn."""
    if isinstance(known, Kept):
        return known.reopens or not is_one_actor(known.actor, actor)
    return known is not None


def actor_of(document: ProjectedDocument) -> ProjectedDocument:
    """Return the actor that a taak is assigned to, as its document has it."""
    actor: ProjectedDocument = document["interneTaak"]["toegewezenAan"]
    return actor


def _document(data: Data) -> ProjectedDocument:
    taak = data["interneTaak"]
    moments = {name: milliseconds(taak[name]) for name in MOMENTS}
    return {"_id": taak["taakId"], **data, "interneTaak": {**taak, **moments}}


def reopening(document: ProjectedDocument) -> Amendment:
    """Return what a decision changes that opens the existing taak again: the same, and its status."""
    amended = amendment(document)
    return Amendment({**amended.set, f"interneTaak.{MADE_BY_OTHERS}": TO_BE_DONE}, amended.unset)


def amendment(document: ProjectedDocument) -> Amendment:
    """Return what a newer decision changes in the existing taak: all but its status and the fields of others."""
    taak = document["interneTaak"]
    ours = {f"interneTaak.{name}": value for name, value in taak.items() if name != MADE_BY_OTHERS}
    return Amendment(
        {**ours, "besluit": document["besluit"], "herkomst": document["herkomst"]},
        () if MAY_BE_ABSENT in taak else (f"interneTaak.{MAY_BE_ABSENT}",),
    )
