"""The facts by which a partij was judged: who was authenticated how, and which statement of consent counted."""

from dataclasses import dataclass

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import PartijResultaat
from services.domain.besluit import PartijBesluit
from services.domain.consent import Moment, is_effective, newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The statement of consent that counted, and the contact in which it was made."""

    toestemming: Toestemming
    contact: Moment
    in_this_contact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartijFacts:
    """One betrokkene with a partij."""

    positie: int
    """Of the betrokkene in the contact, from 0 on."""
    partij_id: str
    nummer: str
    versie: int
    middel: str
    """By which means the betrokkene, or its representative, was authenticated."""
    bekend: bool
    """Another contact had made the partij known."""
    leeg: bool
    """It was empty then."""
    gevuld: Moment | None
    """The contact that had last put default details there."""
    consent: bool
    """Consent to reuse was in force, this contact included."""
    statement: Statement | None
    """The one that decided so; None: nobody ever stated anything."""
    resultaat: PartijResultaat
    vult: bool
    """This contact put default details there."""


def facts_of(partij: PartijBesluit, contact: Moment) -> PartijFacts:
    """Tell what a decision record holds of a partij; `contact` is the one that was decided about."""
    return PartijFacts(
        positie=partij.positie,
        partij_id=partij.partij_id,
        nummer=partij.nummer,
        versie=partij.versie,
        middel=partij.middel,
        bekend=partij.stand.bekend,
        leeg=partij.stand.leeg,
        gevuld=partij.stand.gevuld,
        consent=partij.consent,
        statement=_what_counted(partij, contact),
        resultaat=partij.resultaat,
        vult=partij.vult,
    )


def _what_counted(partij: PartijBesluit, contact: Moment) -> Statement | None:
    """Give the newest statement known then, this contact's own among them; a withdrawal at the same moment is newer.

    Source: `schemas/decision.md`, "Effective consent".
    """
    said, stand = partij.verklaring, partij.stand
    gegeven = newest(stand.gegeven, contact) if said is Toestemming.GEGEVEN else stand.gegeven
    ingetrokken = newest(stand.ingetrokken, contact) if said is Toestemming.INGETROKKEN else stand.ingetrokken
    toestemming, moment = (
        (Toestemming.GEGEVEN, gegeven) if is_effective(gegeven, ingetrokken) else (Toestemming.INGETROKKEN, ingetrokken)
    )
    if moment is None:
        return None
    return Statement(toestemming=toestemming, contact=moment, in_this_contact=moment == contact)
