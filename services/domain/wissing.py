"""What the register remembers of a contact that was erased, and an operator's instruction to erase.

An instruction names ids and the decision that it was made for. Where a contact stays without one of its betrokkenen,
it also holds the klantcontacten as they go out again: the register itself has no contents.
Source: AVG art. 17; `schemas/decision.md`, "Erasing".
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.outputs import Reden
from schemas.values import value_class


@value_class(frozen=True, slots=True)
class Gewist:
    """Of a contact that was erased as a whole this, and its key, is all that is left. One that was erased in part is
    marked with it.
    """

    op: datetime
    verzoek: str
    """The municipality's number of the request."""


class SoortWissing(StrEnum):
    """What is erased."""

    CONTACT = "contact"
    """A contact, with all that it brought to partijen."""
    BETROKKENE = "betrokkene"
    """A partij out of a contact in which others stay."""
    GEGEVENS = "gegevens"
    """The name and addresses of a partij out of a contact, and out of the partij."""
    CONTACTGEGEVENS = "contactgegevens"
    """The name and addresses of all betrokkenen of a contact. What it brought to partijen stays with them."""
    KOPPELINGEN = "koppelingen"
    """The links of a partij: from then on no contact finds it."""
    PARTIJ = "partij"
    """The entry of a partij that no contact knows."""


@value_class(frozen=True, slots=True)
class Wissing:
    """One instruction."""

    opdracht: str
    """Its own id. An instruction that comes again has the same outcome, and the same events go out."""
    soort: SoortWissing
    verzoek: str
    reden: Reden
    contact_key: str | None = None
    """Of the contact; None where it is about a partij alone."""
    partij_id: str | None = None
    """None where it is about a whole contact."""
    revisie: int = 0
    besluitversie: int = 0
    """The decision in force for which the instruction was made; 0 where the register had none. When another is in
    force by now, nothing is done."""
    leegt: bool = False
    """Whether the partij is emptied, besides the contact. Once is enough for all contacts of a request."""
    opnieuw: tuple[Mapping[str, Any], ...] = ()
    """The data of the klantcontacten that go out again, without `besluit` and `herkomst`."""
    vervallen: tuple[str, ...] = ()
    """The klantcontacten of which nothing is stored any more: they are withdrawn."""


class Bezwaar(StrEnum):
    """Why an instruction was not executed."""

    ANDER_BESLUIT = "ander_besluit"
    """Another decision is in force by now: the command has to make the instruction anew."""
    AL_GEWIST = "al_gewist"
    """There is nothing left of it to erase."""
    NOG_BEKEND = "nog_bekend"
    """A contact still knows the partij."""
    TOESTEMMING_LEEFT_OP = "toestemming_leeft_op"
    """A klant withdrew consent in this contact. Without it an earlier consent would count again."""
    PAST_NIET = "past_niet"
    """What is to go out again does not fit the decision, or still shows what is to be erased."""


@value_class(frozen=True, slots=True)
class GewistItem:
    """A line of the ledger: ids and the request, no contents."""

    key: str
    """Of the record in Kafka: what was erased."""
    soort: SoortWissing
    contact_key: str | None
    partij_id: str | None
    op: datetime
    verzoek: str
    reden: Reden
    revisie: int
    besluitversie: int
    """Of the withdrawals that went out; 0 where there were none."""


def item_key(wissing: Wissing) -> str:
    """Return the key in the ledger of what an instruction erases."""
    parts = [each for each in (wissing.contact_key, wissing.partij_id) if each is not None]
    if wissing.soort in (SoortWissing.GEGEVENS, SoortWissing.CONTACTGEGEVENS):
        parts.append(wissing.soort.value)
    return ".".join(parts)


def item_value(item: GewistItem) -> dict[str, Any]:
    """Return a line of the ledger as it is written."""
    return {
        "soort": item.soort,
        "contact": item.contact_key,
        "partijId": item.partij_id,
        "gewistOp": item.op,
        "verzoek": item.verzoek,
        "reden": item.reden,
        "revisie": item.revisie,
        "besluitversie": item.besluitversie,
    }


def item_of(key: str, value: Mapping[str, Any]) -> GewistItem:
    """Return the line of the ledger that was written."""
    return GewistItem(
        key=key,
        soort=SoortWissing(value["soort"]),
        contact_key=value["contact"],
        partij_id=value["partijId"],
        op=datetime.fromisoformat(value["gewistOp"]),
        verzoek=value["verzoek"],
        reden=Reden(value["reden"]),
        revisie=value["revisie"],
        besluitversie=value["besluitversie"],
    )
