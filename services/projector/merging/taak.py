"""The stored interne taak: the newest decision about it, and the status that its handlers have given it since."""

from schemas.taak_created_v1 import TaakCreated
from schemas.taak_withdrawn_v1 import TaakWithdrawn
from services.projector.merging.documents import Amendment, ProjectedDocument, milliseconds, plain
from services.projector.merging.versioned import Gone, Kept, Versioned, is_news, revision_of

MADE_BY_OTHERS = "status"
"""We set it once, to `te_verwerken`. Then it belongs to those who do the taak."""

MAY_BE_ABSENT = "toelichting"


def merge(known: Versioned | None, fact: TaakCreated | TaakWithdrawn) -> Versioned | None:
    """Return the taak after one more event. The order of events does not matter."""
    revision = revision_of(fact.herkomst, fact.besluit)
    if isinstance(fact, TaakWithdrawn):
        # One that moved continues under the same id on the other topic, which we read too.
        return Gone(revision) if not fact.verplaatst and is_news(known, revision, gone=True) else known
    vertrouwelijk = fact.interne_taak.vertrouwelijk
    if not is_news(known, revision, vertrouwelijk=vertrouwelijk):
        return known
    return Kept(revision, vertrouwelijk, _document(fact))


def _document(fact: TaakCreated) -> ProjectedDocument:
    fields = plain(fact)
    fields["interneTaak"]["toegewezenOp"] = milliseconds(fact.interne_taak.toegewezen_op)
    fields["interneTaak"]["plaatsgevondenOp"] = milliseconds(fact.interne_taak.plaatsgevonden_op)
    return {"_id": fact.interne_taak.taak_id, **fields}


def amendment(document: ProjectedDocument) -> Amendment:
    """Return what a newer decision changes in the existing taak: all but its status and the fields of others."""
    taak = document["interneTaak"]
    ours = {f"interneTaak.{name}": value for name, value in taak.items() if name != MADE_BY_OTHERS}
    return Amendment(
        {**ours, "besluit": document["besluit"], "herkomst": document["herkomst"]},
        () if MAY_BE_ABSENT in taak else (f"interneTaak.{MAY_BE_ABSENT}",),
    )
