"""Which personal details of a betrokkene may stand at the betrokkene, and which at its partij.

Source: VNG basisterminologie, uitgangspunten and gegevenswoordenboek; `schemas/decision.md`, "Details".
"""

from schemas.contact_ended_v1 import Betrokkene, Gebruik, OpgegevenAdres, OpgegevenDigitaalAdres
from schemas.outputs import Regel
from schemas.values import value_class
from schemas.vng import Contactnaam
from services.domain.partij_verdict import PartijVerdict


@value_class(frozen=True, slots=True)
class Details:
    """The details that may be kept in one place."""

    contactnaam: Contactnaam | None = None
    organisatienaam: str | None = None
    digitale_adressen: tuple[OpgegevenDigitaalAdres, ...] = ()
    bezoekadres: OpgegevenAdres | None = None
    correspondentieadres: OpgegevenAdres | None = None

    @property
    def has_address(self) -> bool:
        """Whether an address, telephone number or e-mail address is among them."""
        return bool(self.digitale_adressen or self.bezoekadres or self.correspondentieadres)


NOTHING = Details()

NAMED_UNDER = frozenset({Regel.V2, Regel.V0})
"""V2: only the name shows whom the contact concerned. V0: the name is copied from the first contact (C9708)."""


def at_betrokkene(betrokkene: Betrokkene, regel: Regel, *, interne_taak: bool, partij: PartijVerdict | None) -> Details:
    """Return the details for the betrokkene of one onderwerp; `partij` is None for one that is not gekend."""
    named = regel in NAMED_UNDER or (interne_taak and not (partij and partij.carries_name))
    defaults_go_to_partij = partij is not None and partij.takes_details

    def serves(gebruik: Gebruik) -> bool:
        return interne_taak and (gebruik is Gebruik.OPVOLGING or not defaults_go_to_partij)

    if not named and not interne_taak:
        return NOTHING
    bezoek, correspondentie = betrokkene.bezoekadres, betrokkene.correspondentieadres
    return Details(
        contactnaam=betrokkene.contactnaam if named else None,
        organisatienaam=betrokkene.organisatienaam if named else None,
        digitale_adressen=tuple(adres for adres in betrokkene.digitale_adressen if serves(adres.gebruik)),
        bezoekadres=bezoek if bezoek and serves(bezoek.gebruik) else None,
        correspondentieadres=correspondentie if correspondentie and serves(correspondentie.gebruik) else None,
    )


def at_partij(betrokkene: Betrokkene, partij: PartijVerdict) -> Details:
    """Return the details that this contact brings to the partij: the name and the default details, or nothing."""
    if not partij.takes_details:
        return NOTHING
    bezoek, correspondentie = betrokkene.bezoekadres, betrokkene.correspondentieadres
    return Details(
        contactnaam=betrokkene.contactnaam,
        organisatienaam=betrokkene.organisatienaam,
        digitale_adressen=tuple(each for each in betrokkene.digitale_adressen if each.gebruik is Gebruik.STANDAARD),
        bezoekadres=bezoek if bezoek and bezoek.gebruik is Gebruik.STANDAARD else None,
        correspondentieadres=(
            correspondentie if correspondentie and correspondentie.gebruik is Gebruik.STANDAARD else None
        ),
    )
