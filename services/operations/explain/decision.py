"""The decision about a contact as it is told: why, what was given, what was taken back. Pure, and without contents.

The facts by which a partij was judged: who was authenticated how, and which statement of consent counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import IntrekkingResultaat, PartijResultaat, Regel
from schemas.positions import Position
from services.domain.besluit import (
    Besluit,
    Intrekking,
    KlantcontactIntrekking,
    OnderwerpBesluit,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Vervolg,
    Voorganger,
)
from services.domain.consent import Moment, is_effective, newest
from services.domain.ids import taak_id
from services.domain.numbers import NumberKind
from services.domain.rules import TABLE
from services.domain.toelichting import Kanttekening, kanttekening


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


_RULES = {rule.regel: rule for rule in TABLE}


@dataclass(frozen=True, slots=True)
class Given:
    """An id and a number that were handed out."""

    id: str
    nummer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnderwerpDecision:
    """What was decided about one onderwerp, and why."""

    onderwerp_id: str
    regel: Regel
    toelichting: str
    """The row of the table in words."""
    herkomst: str
    """Where VNG says so."""
    klantcontact: Given | None
    interne_taak: Given | None
    partij: PartijResultaat | None
    """Of the first gekende betrokkene whom it concerns."""
    contactgegevens: bool
    """Contact details are kept at a betrokkene."""
    since_besluitversie: int
    """The judgement of this revisie that first said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """Something that was registered and is no longer, or not where it was."""

    kind: NumberKind
    nummer: str
    op: datetime
    revisie: int
    besluitversie: int
    resultaat: IntrekkingResultaat | None = None
    """Of a partij: what is left of it."""
    moved: bool = False
    """Of a klantcontact: `vertrouwelijk` changed, and it goes on under the same id on the other topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision in force about a contact, and the judgements before it."""

    source: str
    contact_id: str
    revisie: int
    besluitversie: int
    event_id: str
    trace_id: str | None
    plaatsgevonden_op: datetime
    besloten_op: datetime
    beleidsversie: str
    vertrouwelijk: bool
    position: Position | None
    onderwerpen: tuple[OnderwerpDecision, ...]
    partijen: tuple[PartijFacts, ...]
    vervolg: Vervolg | None
    kanttekeningen: tuple[str, ...]
    """In words."""
    voorgangers: tuple[Voorganger, ...]
    """The judgements that corrections or new judgements replaced, the last one last."""
    taken_back: tuple[TakenBack, ...]


def decision_of(besluit: Besluit) -> Decision:
    """Tell a decision record."""
    return Decision(
        source=besluit.source,
        contact_id=besluit.contact_id,
        revisie=besluit.revisie,
        besluitversie=besluit.besluitversie,
        event_id=besluit.event_id,
        trace_id=besluit.traceparent.split("-")[1] if besluit.traceparent else None,
        plaatsgevonden_op=besluit.plaatsgevonden_op,
        besloten_op=besluit.besloten_op,
        beleidsversie=besluit.beleidsversie,
        vertrouwelijk=besluit.vertrouwelijk,
        position=besluit.position,
        onderwerpen=tuple(_onderwerp(besluit, each) for each in besluit.onderwerpen),
        partijen=tuple(facts_of(each, besluit.moment) for each in besluit.partijen),
        vervolg=besluit.vervolg,
        kanttekeningen=tuple(kanttekening(Kanttekening(each)) for each in besluit.kanttekeningen),
        voorgangers=besluit.voorgangers,
        taken_back=tuple(_taken_back(besluit)),
    )


def _onderwerp(besluit: Besluit, onderwerp: OnderwerpBesluit) -> OnderwerpDecision:
    rule = _RULES[onderwerp.regel]
    had = besluit.numbers_of(onderwerp.onderwerp_id)
    klantcontact = interne_taak = None
    if had and onderwerp.klantcontact:
        klantcontact = Given(had.klantcontact_id, had.klantcontact_nummer)
    if had and had.taak_nummer and onderwerp.interne_taak:
        taak = taak_id(besluit.source, besluit.contact_id, onderwerp.onderwerp_id)
        interne_taak = Given(taak, had.taak_nummer)
    return OnderwerpDecision(
        onderwerp_id=onderwerp.onderwerp_id,
        regel=onderwerp.regel,
        toelichting=rule.toelichting,
        herkomst=rule.source,
        klantcontact=klantcontact,
        interne_taak=interne_taak,
        partij=onderwerp.partij,
        contactgegevens=onderwerp.contactgegevens,
        since_besluitversie=onderwerp.sinds.besluitversie if onderwerp.sinds else besluit.besluitversie,
    )


def _taken_back(besluit: Besluit) -> Iterator[TakenBack]:
    for each in besluit.intrekkingen:
        kind, nummer = _number_of(besluit, each)
        yield TakenBack(
            kind=kind,
            nummer=nummer,
            op=each.aanleiding.besloten_op,
            revisie=each.aanleiding.revisie,
            besluitversie=each.aanleiding.besluitversie,
            resultaat=each.resultaat if isinstance(each, PartijIntrekking) else None,
            moved=isinstance(each, KlantcontactIntrekking) and each.verplaatst,
        )


def _number_of(besluit: Besluit, intrekking: Intrekking) -> tuple[NumberKind, str]:
    if isinstance(intrekking, PartijIntrekking):
        return NumberKind.PARTIJ, intrekking.nummer
    had = besluit.numbers_of(intrekking.onderwerp_id)
    assert had is not None, "what is taken back was given a number"
    if isinstance(intrekking, TaakIntrekking):
        assert had.taak_nummer is not None, "a taak that is taken back was given a number"
        return NumberKind.INTERNE_TAAK, had.taak_nummer
    return NumberKind.KLANTCONTACT, had.klantcontact_nummer
