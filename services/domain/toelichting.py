"""The explanation that goes with a decision: fixed texts in Dutch, without any value of the contact."""

from collections.abc import Sequence
from enum import StrEnum

from schemas.outputs import Reden, Regel
from services.domain.rules import rule_of


class Kanttekening(StrEnum):
    """Something that was noticed besides the rule."""

    VERVOLG_ONBEKEND = "vervolg_onbekend"
    """`vervolgOp` points at no klantcontact that is registered here."""
    IDENTIFICATOR_ELDERS = "identificator_elders"
    """An identificator already finds another partij and stays there."""
    TWEEDE_VAN_SOORT = "tweede_van_soort"
    """The partij has another identificator of that kind already; this one is not linked."""
    VERVOLG_VERTROUWELIJK = "vervolg_vertrouwelijk"
    """`vervolgOp` of an ordinary contact points at a confidential klantcontact, and is left out."""
    INTREKKING_ZONDER_GEVOLG = "intrekking_zonder_gevolg"
    """A betrokkene withdrew consent, and no partij is known for it: not gekend, or no contact arose."""


_OF_NOTE = {
    Kanttekening.VERVOLG_ONBEKEND: "vervolgOp wijst naar geen klantcontact dat hier geregistreerd is.",
    Kanttekening.IDENTIFICATOR_ELDERS: "Een identificator hoort al bij een andere partij en is daar gelaten.",
    Kanttekening.TWEEDE_VAN_SOORT: "De partij heeft al een andere identificator van die soort; deze is niet gekoppeld.",
    Kanttekening.VERVOLG_VERTROUWELIJK: (
        "vervolgOp wijst naar een vertrouwelijk klantcontact; alleen een vertrouwelijk contact volgt dat op."
    ),
    Kanttekening.INTREKKING_ZONDER_GEVOLG: (
        "Toestemming is ingetrokken door iemand die niet gekend is, of zonder dat contact tot stand kwam: "
        "de intrekking heeft geen gevolg."
    ),
}

KEPT_WITHOUT_TRACE = frozenset({Kanttekening.INTREKKING_ZONDER_GEVOLG})
"""The notes that a record without a trace keeps: they name no one."""

_OF_WHOLE_CONTACT = frozenset({Kanttekening.VERVOLG_ONBEKEND})
"""The notes that every event of the contact may have: the events of one onderwerp show nothing of another."""


def toelichting(regel: Regel, kanttekeningen: Sequence[str] = ()) -> str:
    """Return the explanation of a decision, in one or more sentences."""
    notes = [_OF_NOTE[Kanttekening(note)] for note in kanttekeningen if note in _OF_WHOLE_CONTACT]
    return " ".join([rule_of(regel).toelichting, *notes])


def kanttekening(note: Kanttekening) -> str:
    """Return the sentence of a note. It is for operators: not every event of the contact may show it."""
    return _OF_NOTE[note]


_OF_REDEN = {
    Reden.GEWIST: "Gewist op verzoek (AVG artikel 17).",
    Reden.BEWAARTERMIJN: "Verwijderd omdat de bewaartermijn voorbij is.",
}


def erased(reden: Reden) -> str | None:
    """Return the explanation of what is withdrawn for good; None for what a decision takes back."""
    return _OF_REDEN.get(reden)
