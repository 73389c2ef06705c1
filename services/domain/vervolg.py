"""The klantcontact that a contact follows up: `schemas/decision.md`, "Follow-up"."""

from services.domain.besluit import BesluitRecord, Vervolg
from services.domain.case import Case
from services.domain.toelichting import Kanttekening


def followed_up(case: Case, earlier: BesluitRecord | None) -> tuple[Vervolg | None, Kanttekening | None]:
    """Return the klantcontact of the earlier contact that is followed up, or why there is none.

    `earlier` is the decision that `vervolgOp` leads to; None: the register has none.
    """
    contact = case.received.contact
    asked = contact.vervolg_op
    assert asked is not None, "only a contact that follows something up is asked"
    if earlier is None or earlier.key == case.key:
        return None, Kanttekening.VERVOLG_ONBEKEND
    wanted = asked.klantcontact_id.lower() if asked.klantcontact_id is not None else None
    for onderwerp in earlier.registered():
        uitgegeven = earlier.numbers_of(onderwerp.onderwerp_id)
        assert uitgegeven is not None, "a registered onderwerp has a number"
        right_one = uitgegeven.klantcontact_id == wanted if wanted else asked.onderwerp_id is None
        if right_one or asked.onderwerp_id == onderwerp.onderwerp_id:
            if earlier.vertrouwelijk and not contact.vertrouwelijk:
                # Its id and number must not reach the ordinary topic.
                return None, Kanttekening.VERVOLG_VERTROUWELIJK
            return Vervolg(uitgegeven.klantcontact_id, uitgegeven.klantcontact_nummer), None
    return None, Kanttekening.VERVOLG_ONBEKEND
