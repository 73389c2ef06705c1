"""A new judgement of the revisie in force: what is asked, and what of the former judgement stays as it was.

Source: `schemas/decision.md`, "New judgements".
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from schemas.contact_ended_v1 import ContactEnded, Onderwerp
from schemas.values import value_class
from services.domain.besluit import Besluit, OnderwerpBesluit, PartijBesluit
from services.domain.decide import concerns


class Feiten(StrEnum):
    """By which facts about the betrokkenen a contact is judged again."""

    VASTGELEGD = "vastgelegd"
    """Those that its decision record holds: only the policy, or our code, makes a difference. Of whom the record knows
    nothing, because nobody was gekend then, today's register is asked."""
    HUIDIG = "huidig"
    """What the register knows today without this contact."""


@value_class(frozen=True, slots=True)
class Herbeoordeling:
    """The request to judge a contact again, by an operator."""

    besluitversie: int
    """The judgement that is to be replaced. When another is in force, somebody did that already."""
    feiten: Feiten


def same_outcome(partij: PartijBesluit, former: PartijBesluit) -> bool:
    """Tell whether a partij fares as it did. The facts by which that was decided are no part of it."""
    as_before = replace(
        partij,
        versie=former.versie,
        geleegd_bij=former.geleegd_bij,
        middel=former.middel,
        stand=former.stand,
        vervallen_soorten=former.vervallen_soorten,
    )
    return as_before == former


def with_what_stays(besluit: Besluit, former: Besluit, contact: ContactEnded) -> Besluit:
    """Mark the onderwerpen about which a new judgement says nothing new: the events of the former one still hold."""
    return replace(besluit, onderwerpen=tuple(_marked(besluit, former, contact)))


def _marked(besluit: Besluit, former: Besluit, contact: ContactEnded) -> Iterator[OnderwerpBesluit]:
    for onderwerp, new, old in zip(contact.onderwerpen, besluit.onderwerpen, former.onderwerpen, strict=True):
        around, before = _around(besluit, onderwerp, contact), _around(former, onderwerp, contact)
        stays = replace(old, sinds=None) == new and (around == before or not new.klantcontact)
        yield replace(new, sinds=old.sinds or former.aanleiding(old.regel)) if stays else new


def _around(besluit: Besluit, onderwerp: Onderwerp, contact: ContactEnded) -> object:
    """Give all that the events of an onderwerp show besides its outcome and the contact itself."""
    partijen = [each for each in besluit.partijen if concerns(onderwerp, contact.betrokkenen[each.positie])]
    return partijen, besluit.taal, besluit.vervolg
