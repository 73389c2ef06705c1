"""The explanation that goes with a decision: words of our own, in Dutch, without any value of the contact."""

from collections.abc import Sequence
from enum import StrEnum

from schemas.outputs import Regel
from services.domain.rules import TABLE


class Kanttekening(StrEnum):
    """What was noticed besides the rule."""

    VERVOLG_ONBEKEND = "vervolg_onbekend"
    IDENTIFICATOR_ELDERS = "identificator_elders"
    TWEEDE_VAN_SOORT = "tweede_van_soort"


_OF_RULE = {rule.regel: rule.toelichting for rule in TABLE}

_OF_NOTE = {
    Kanttekening.VERVOLG_ONBEKEND: "vervolgOp wijst naar geen klantcontact dat hier geregistreerd is.",
    Kanttekening.IDENTIFICATOR_ELDERS: "Een identificator hoort al bij een andere partij en is daar gelaten.",
    Kanttekening.TWEEDE_VAN_SOORT: "De partij heeft al een andere identificator van die soort; die is niet gekoppeld.",
}


def toelichting(regel: Regel, kanttekeningen: Sequence[str] = ()) -> str:
    """Explain a decision in one or more sentences."""
    return " ".join([_OF_RULE[regel], *(_OF_NOTE[Kanttekening(note)] for note in kanttekeningen)])
