"""The decision about one contact: a pure function of the contact and what the register knows without it."""

from collections.abc import Mapping

from schemas.contact_ended_v1 import Betrokkene, ContactEnded, Onderwerp, Rol, SoortOpvolging
from schemas.values import value_class
from services.domain.besluit import OnderwerpBesluit
from services.domain.consent import Moment
from services.domain.details import at_betrokkene
from services.domain.partij import ONBEKEND, Stand
from services.domain.partij_verdict import PartijVerdict, judge_partij
from services.domain.rules import Circumstances, rule_for


@value_class(frozen=True, slots=True)
class Verdict:
    """What the rules say of one case."""

    onderwerpen: tuple[OnderwerpBesluit, ...]
    partijen: Mapping[int, PartijVerdict]
    """For each gekende betrokkene whom an onderwerp concerns, by its position."""


def involves_klant(contact: ContactEnded) -> bool:
    """Whether a klant or vertegenwoordiger took part: somebody from outside the municipality."""
    return any(betrokkene.rol is not Rol.OVERIG for betrokkene in contact.betrokkenen)


def counts(contact: ContactEnded) -> bool:
    """Whether the contact passes the gates G1 and G2. If not, no statement made in it counts."""
    return contact.tot_stand_gekomen is not False and involves_klant(contact)


def concerns(onderwerp: Onderwerp, betrokkene: Betrokkene) -> bool:
    """Whether an onderwerp concerns a betrokkene."""
    assert onderwerp.betrokkenen is not None, "decoding fills it in"
    return betrokkene.ref in onderwerp.betrokkenen


def decide(
    contact: ContactEnded,
    moment: Moment,
    gekend: Mapping[int, str],
    standen: Mapping[int, Stand],
    *,
    follows_up: bool,
) -> Verdict:
    """Return the outcome for a contact. `standen` holds what the register knows of the partij of each betrokkene."""
    partijen: dict[int, PartijVerdict] = {}
    if contact.tot_stand_gekomen is not False:  # the gate G2; a gekende betrokkene means that G1 is passed
        for position in gekend:
            betrokkene = contact.betrokkenen[position]
            if any(concerns(onderwerp, betrokkene) for onderwerp in contact.onderwerpen):
                partijen[position] = judge_partij(betrokkene, moment, standen.get(position, ONBEKEND))
    klant_involved = involves_klant(contact)
    onderwerpen = tuple(
        _judge_onderwerp(contact, onderwerp, partijen, klant_involved=klant_involved, follows_up=follows_up)
        for onderwerp in contact.onderwerpen
    )
    return Verdict(onderwerpen, partijen)


def _judge_onderwerp(
    contact: ContactEnded,
    onderwerp: Onderwerp,
    partijen: Mapping[int, PartijVerdict],
    *,
    klant_involved: bool,
    follows_up: bool,
) -> OnderwerpBesluit:
    betrokkenen = contact.betrokkenen
    # The first gekende goes by the order of the betrokkenen of the contact, whatever the rol.
    first = next((partijen[at] for at in partijen if concerns(onderwerp, betrokkenen[at])), None)
    rule = rule_for(
        Circumstances(
            klant_involved=klant_involved,
            tot_stand_gekomen=contact.tot_stand_gekomen,
            follows_up=follows_up,
            gekend=first is not None,
            consent=first is not None and first.consent and not first.beperkt,
            opvolging=onderwerp.opvolging.soort,
        )
    )
    interne_taak = rule.klantcontact and onderwerp.opvolging.soort is SoortOpvolging.INTERNE_TAAK
    return OnderwerpBesluit(
        onderwerp_id=onderwerp.onderwerp_id or "",
        regel=rule.regel,
        klantcontact=rule.klantcontact,
        interne_taak=interne_taak,
        partij=first.resultaat if first else None,
        contactgegevens=interne_taak
        and any(
            at_betrokkene(betrokkene, rule.regel, interne_taak=True, partij=partijen.get(position)).has_address
            for position, betrokkene in enumerate(betrokkenen)
            if betrokkene.rol is not Rol.OVERIG and concerns(onderwerp, betrokkene)
        ),
    )
