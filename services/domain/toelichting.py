"""The explanation that goes with a decision: fixed texts in Dutch, without any value of the contact."""

from collections.abc import Sequence
from enum import StrEnum

from schemas.outputs import PartijRegel, Reden, Regel
from services.domain.rules import OUTSIDE_A_CONTACT, rule_of


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
    WIJZIGING_NIET_GEKEND = "wijziging_niet_gekend"
    """The klant of a change outside a contact was not authenticated by a means that suffices."""
    WIJZIGING_KLANT_ONBEKEND = "wijziging_klant_onbekend"
    """No contact in force knows the klant of a change outside a contact."""
    PARTIJ_BEPERKT = "partij_beperkt"
    """The processing of a partij is restricted, so that reuse counts as not allowed."""


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
    Kanttekening.WIJZIGING_NIET_GEKEND: (
        "De klant van de wijziging is niet voldoende geauthenticeerd: de wijziging heeft geen gevolg."
    ),
    Kanttekening.WIJZIGING_KLANT_ONBEKEND: (
        "Geen contact dat hier geregistreerd is, kent de klant van de wijziging: die heeft geen gevolg."
    ),
    Kanttekening.PARTIJ_BEPERKT: (
        "De verwerking van een partij is beperkt: hergebruik telt als niet toegestaan, en de partij blijft als zij is."
    ),
}

KEPT_WITHOUT_TRACE = frozenset(
    {
        Kanttekening.INTREKKING_ZONDER_GEVOLG,
        Kanttekening.WIJZIGING_NIET_GEKEND,
        Kanttekening.WIJZIGING_KLANT_ONBEKEND,
    }
)
"""The notes that a record without a trace keeps: they name no one."""

_OF_WHOLE_CONTACT = frozenset({Kanttekening.VERVOLG_ONBEKEND})
"""The notes that every event of the contact may have: the events of one onderwerp show nothing of another."""


def toelichting(regel: Regel | PartijRegel, kanttekeningen: Sequence[str] = ()) -> str:
    """Return the explanation of a decision, in one or more sentences."""
    notes = [_OF_NOTE[Kanttekening(note)] for note in kanttekeningen if note in _OF_WHOLE_CONTACT]
    why = OUTSIDE_A_CONTACT[regel] if isinstance(regel, PartijRegel) else rule_of(regel).toelichting
    return " ".join([why, *notes])


def kanttekening(note: str) -> str:
    """Return the sentence of a `Kanttekening`. It is for operators: not every event of the contact may show it."""
    return _OF_NOTE[Kanttekening(note)]


_OF_REDEN = {
    Reden.GEWIST: "Gewist op verzoek (AVG artikel 17).",
    Reden.BEWAARTERMIJN: "Verwijderd omdat de bewaartermijn voorbij is.",
}


def erased(reden: Reden) -> str | None:
    """Return the explanation of what is withdrawn for good; None for what a decision takes back."""
    return _OF_REDEN.get(reden)
