"""A new judgement of the revisie in force: the request, and which parts of the former judgement stay.

Source: `schemas/decision.md`, "New judgements".
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from schemas.contact_ended_v1 import ContactEnded, Onderwerp
from schemas.values import value_class
from services.domain.besluit import BesluitRecord, OnderwerpBesluit, PartijBesluit
from services.domain.decide import concerns


class Feiten(StrEnum):
    """By which facts about the betrokkenen a contact is judged again."""

    VASTGELEGD = "vastgelegd"
    """Those of its decision record: only the policy, or our code, makes a difference. For a betrokkene that was not
    gekend then the record has none, and today's register is asked."""
    HUIDIG = "huidig"
    """Those that the register holds today without this contact."""


@value_class(frozen=True, slots=True)
class Herbeoordeling:
    """An operator's request to judge a contact again."""

    besluitversie: int
    """The judgement to replace. When another is in force, that was done already."""
    feiten: Feiten


def same_outcome(partij: PartijBesluit, former: PartijBesluit) -> bool:
    """Whether the outcome for a partij is as it was. The facts behind it may differ."""
    as_before = replace(
        partij,
        versie=former.versie,
        geleegd_bij=former.geleegd_bij,
        middel=former.middel,
        stand=former.stand,
        vervallen_soorten=former.vervallen_soorten,
    )
    return as_before == former


def with_what_stays(besluit: BesluitRecord, former: BesluitRecord, contact: ContactEnded) -> BesluitRecord:
    """Return the decision with `sinds` at the onderwerpen whose outcome stays: their former events still hold."""
    return replace(besluit, onderwerpen=tuple(_marked(besluit, former, contact)))


def _marked(besluit: BesluitRecord, former: BesluitRecord, contact: ContactEnded) -> Iterator[OnderwerpBesluit]:
    for onderwerp, new, old in zip(contact.onderwerpen, besluit.onderwerpen, former.onderwerpen, strict=True):
        around, before = _around(besluit, onderwerp, contact), _around(former, onderwerp, contact)
        stays = replace(old, sinds=None) == new and (around == before or not new.klantcontact)
        yield replace(new, sinds=old.sinds or former.aanleiding(old.regel)) if stays else new


def _around(besluit: BesluitRecord, onderwerp: Onderwerp, contact: ContactEnded) -> object:
    """Return all that the events of an onderwerp show besides its outcome and the contact itself."""
    partijen = [each for each in besluit.partijen if concerns(onderwerp, contact.betrokkenen[each.positie])]
    return partijen, besluit.taal, besluit.vervolg
