"""The outcome for the partij of one gekende betrokkene: `leeg`, `nieuw`, `bestaand` or `aangevuld`.

Source: VNG V6898 and F7554; `schemas/decision.md`, "Effective consent", "Outcome for a partij", "Details".
"""

from schemas.contact_ended_v1 import Betrokkene, Gebruik, Toestemming
from schemas.outputs import FILLING, PartijResultaat
from schemas.values import value_class
from services.domain.consent import REFUSALS, STATEMENTS, Moment
from services.domain.partij import Stand


@value_class(frozen=True, slots=True)
class PartijVerdict:
    """What the rules say of the partij of one betrokkene."""

    resultaat: PartijResultaat
    consent: bool
    """Whether effective consent exists, this contact included."""
    beperkt: bool
    """Whether its processing is restricted, so that reuse counts as not allowed."""
    verklaring: Toestemming | None
    """The statement that this contact makes for later ones."""
    vult: bool
    """Whether default details go to the partij."""
    carries_name: bool
    """Whether the partij carries the name afterwards."""

    @property
    def takes_details(self) -> bool:
        """Whether name and default details of this contact go to the partij."""
        return self.resultaat in FILLING


def judge_partij(betrokkene: Betrokkene, contact: Moment, stand: Stand) -> PartijVerdict:
    """Return the outcome for the partij, given what the register knows of it without this contact."""
    said = betrokkene.toestemming_hergebruik
    consent = stand.stating(said, contact).give_consent
    offered = offers_default_details(betrokkene)
    beperkt = stand.beperkt is not None
    resultaat = PartijResultaat.LEEG
    if consent:
        # While restricted it stays as it is: it is kept, and used for nothing (AVG 18(2)).
        resultaat = PartijResultaat.BESTAAND if beperkt else _with_consent(stand, contact, offered, said)
    return PartijVerdict(
        resultaat=resultaat,
        consent=consent,
        beperkt=beperkt,
        verklaring=said if said in STATEMENTS else None,
        vult=offered and resultaat in FILLING,
        carries_name=resultaat in FILLING or (resultaat is PartijResultaat.BESTAAND and not stand.leeg and not beperkt),
    )


def _with_consent(stand: Stand, contact: Moment, offered: bool, said: Toestemming) -> PartijResultaat:  # noqa: FBT001 - one fact among others
    if not stand.bekend:
        return PartijResultaat.NIEUW
    if said in REFUSALS:
        return PartijResultaat.BESTAAND
    if offered and stand.gevuld is not None and contact.op < stand.gevuld.op:
        return PartijResultaat.BESTAAND
    return PartijResultaat.AANGEVULD if offered or stand.leeg else PartijResultaat.BESTAAND


def offers_default_details(betrokkene: Betrokkene) -> bool:
    """Whether an address is offered as default for later contacts; a name alone is none."""
    return (
        any(adres.gebruik is Gebruik.STANDAARD for adres in betrokkene.digitale_adressen)
        or (betrokkene.bezoekadres is not None and betrokkene.bezoekadres.gebruik is Gebruik.STANDAARD)
        or (
            betrokkene.correspondentieadres is not None and betrokkene.correspondentieadres.gebruik is Gebruik.STANDAARD
        )
    )
