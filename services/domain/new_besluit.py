"""From the verdict on a case to its decision record: ids, numbers, links and versies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Final

from schemas.contact_ended_v1 import Toestemming
from schemas.values import value_class
from services.domain.besluit import (
    MAX_VOORGANGERS,
    BesluitRecord,
    PartijBesluit,
    Uitgegeven,
    Vervolg,
)
from services.domain.case import Case
from services.domain.decide import Verdict, counts, decide
from services.domain.herbeoordeling import same_outcome, with_what_stays
from services.domain.ids import identifier, klantcontact_id
from services.domain.intrekkingen import lost_kinds, taken_back
from services.domain.numbers import NumberKind, Numbers
from services.domain.partij import ONBEKEND, Bijdrage, PartijRecord, Stand
from services.domain.policy import Beleid
from services.domain.sleutels import soort_of
from services.domain.streams import Stream, klantcontact_stream, moved_to, taak_stream
from services.domain.toelichting import Kanttekening

FIRST_JUDGEMENT: Final = 1

NOTES_OF_VERVOLG: Final = (Kanttekening.VERVOLG_ONBEKEND, Kanttekening.VERVOLG_VERTROUWELIJK)
NOTES_OF_CONTACT: Final = frozenset(
    {*NOTES_OF_VERVOLG, Kanttekening.INTREKKING_ZONDER_GEVOLG, Kanttekening.PARTIJ_BEPERKT}
)
"""The notes that follow from the contact and its surroundings in every judgement anew."""


@value_class(frozen=True, slots=True)
class Surroundings:
    """What the register holds around one case, as far as its decision needs it."""

    in_force: BesluitRecord | None
    """The decision about an earlier revisie, or the former judgement of this one."""
    own: Sequence[PartijRecord | None]
    """For each betrokkene its partij as if there were no decision in force."""
    standen: Mapping[int, Stand]
    """For each betrokkene with a partij, the facts by which it is judged."""
    before: Mapping[str, PartijRecord]
    """The partijen as they are now."""
    without: Mapping[str, PartijRecord]
    """The partijen that the decision in force touched, as if there were none."""
    vervolg: Vervolg | None
    vervolg_note: Kanttekening | None
    """Why `vervolgOp` leads to none; None: it leads to one, or there is none."""
    is_linked: Callable[[str], bool]
    """Whether a sleutel already finds a known partij."""
    former: Mapping[int, PartijBesluit] = field(default_factory=dict)
    """When the revisie in force is judged again: the former decision about the partij of each betrokkene."""
    keeps_links: bool = False
    """Whether these keep their links, even when today's register would link otherwise."""


@value_class(frozen=True, slots=True)
class _Touched:
    besluit: PartijBesluit
    partij: PartijRecord | None
    """As it is afterwards; None when it stays as it was."""
    kanttekeningen: tuple[Kanttekening, ...]


def by_record(around: Surroundings, in_force: BesluitRecord) -> Surroundings:
    """Return surroundings with the facts that a decision record holds, in place of those of today's register."""
    recorded = {each.positie: each for each in in_force.partijen}
    own = [around.without[recorded[at].partij_id] if at in recorded else each for at, each in enumerate(around.own)]
    standen = {**around.standen, **{at: each.stand for at, each in recorded.items()}}
    note = next((each for each in NOTES_OF_VERVOLG if each in in_force.kanttekeningen), None)
    return replace(around, own=own, standen=standen, vervolg=in_force.vervolg, vervolg_note=note, keeps_links=True)


def revives(besluit: BesluitRecord, case: Case, today: Surroundings) -> bool:
    """Whether a judgement by old facts says something new that rests on consent which is no longer in force.

    Details whose consent was withdrawn since must never come back.
    """
    said_anew = [each for each in besluit.partijen if each != today.former.get(each.positie)]
    return any(
        each.consent
        and not today.standen.get(each.positie, ONBEKEND).stating(each.verklaring, case.moment).give_consent
        for each in said_anew
    )


def new_besluit(
    case: Case, around: Surroundings, beleid: Beleid, numbers: Numbers, now: datetime
) -> tuple[BesluitRecord, tuple[PartijRecord, ...]]:
    """Decide about a contact, a higher revisie of it, or the revisie in force again, under the ids and numbers that it
    already had.

    Return the decision record, and the partijen that it changes as they are after it: those that lose a link first.
    """
    contact, in_force = case.received.contact, around.in_force
    former = in_force if in_force is not None and in_force.revisie == contact.revisie else None
    verdict = decide(contact, case.moment, case.gekend, around.standen, follows_up=around.vervolg is not None)
    touched = [_touch(case, at, verdict, around, numbers) for at in verdict.partijen]
    released = list(release(around, {each.besluit.partij_id for each in touched}))
    uitgegeven = _hand_out(case, verdict, in_force, numbers)
    besluit = BesluitRecord(
        key=case.key,
        source=case.received.source,
        contact_id=contact.contact_id,
        revisie=contact.revisie,
        besluitversie=former.besluitversie + 1 if former else FIRST_JUDGEMENT,
        digest=case.digest,
        beleidsversie=beleid.versie,
        besloten_op=now,
        # A new judgement follows from the event that came first, not from the copy that asked for it.
        event_id=former.event_id if former else case.received.event_id,
        traceparent=former.traceparent if former else case.received.traceparent,
        plaatsgevonden_op=contact.plaatsgevonden_op,
        taal=contact.taal or beleid.standaard_taal,
        vertrouwelijk=contact.vertrouwelijk,
        onderwerpen=verdict.onderwerpen,
        partijen=tuple(each.besluit for each in touched),
        vervolg=around.vervolg,
        uitgegeven=uitgegeven,
        kanttekeningen=_kanttekeningen(case, verdict, around, touched),
        position=former.position if former else case.position,
        sent_with=case.position if former else None,
        voorgangers=(*in_force.voorgangers, in_force.as_voorganger())[-MAX_VOORGANGERS:] if in_force else (),
    )
    if former is not None:
        besluit = with_what_stays(besluit, former, contact)
    if in_force is not None or contact.vertrouwelijk:
        besluit = replace(besluit, intrekkingen=tuple(taken_back(besluit, in_force, around.before, released)))
    changed = [each.partij for each in touched if each.partij is not None]
    return besluit, (*released, *changed)


def _kanttekeningen(
    case: Case, verdict: Verdict, around: Surroundings, touched: Sequence[_Touched]
) -> tuple[Kanttekening, ...]:
    notes = [note for each in touched for note in each.kanttekeningen]
    if around.keeps_links and around.in_force is not None:
        kept = map(Kanttekening, around.in_force.kanttekeningen)
        notes += [each for each in kept if each not in NOTES_OF_CONTACT]
    contact = case.received.contact
    if around.vervolg_note is not None and counts(contact):
        notes.append(around.vervolg_note)
    if any(
        betrokkene.toestemming_hergebruik is Toestemming.INGETROKKEN and at not in verdict.partijen
        for at, betrokkene in enumerate(contact.betrokkenen)
    ):
        notes.append(Kanttekening.INTREKKING_ZONDER_GEVOLG)
    if any(each.beperkt for each in verdict.partijen.values()):
        notes.append(Kanttekening.PARTIJ_BEPERKT)
    return tuple(dict.fromkeys(notes))


# Partijen


def _touch(case: Case, at: int, verdict: Verdict, around: Surroundings, numbers: Numbers) -> _Touched:
    """Return the partij of a gekende betrokkene after this decision."""
    outcome = verdict.partijen[at]
    base = around.own[at] or _new_partij(case, at, around.in_force, numbers)
    former = around.former.get(at)
    sleutels, notes = _links(case.sleutels[at], base, around.is_linked)
    if former is not None and around.keeps_links:
        sleutels, notes = former.sleutels, ()
    versie = base.versie + 1
    stand = around.standen.get(at, ONBEKEND)
    stated_at = stand.statements.stated_at(outcome.verklaring, case.moment)
    bijdrage = Bijdrage(stated_at, versie, outcome.resultaat, outcome.verklaring, outcome.vult, sleutels)
    partij = base.with_bijdrage(bijdrage)
    before = around.before.get(base.partij_id)
    besluit = PartijBesluit(
        positie=at,
        partij_id=base.partij_id,
        nummer=base.nummer,
        versie=versie,
        geleegd_bij=partij.geleegd_bij,
        resultaat=outcome.resultaat,
        consent=outcome.consent,
        carries_name=outcome.carries_name,
        vult=outcome.vult,
        verklaring=outcome.verklaring,
        sleutels=sleutels,
        middel=case.gekend[at],
        stand=stand,
        vervallen_soorten=lost_kinds(before, partij, around.in_force) if before is not None else (),
    )
    if former is not None and same_outcome(besluit, former):
        return _Touched(former, None, notes)
    return _Touched(besluit, partij, notes)


def _new_partij(case: Case, at: int, in_force: BesluitRecord | None, numbers: Numbers) -> PartijRecord:
    contact, sleutels = case.received.contact, case.sleutels[at]
    betrokkene = contact.betrokkenen[at]
    by_origin = [case.received.source, "partij", contact.contact_id, str(contact.revisie), betrokkene.ref]
    if in_force is not None and in_force.revisie == contact.revisie:
        # A partij that a former judgement made may be known to other contacts by now, and then stays theirs.
        by_origin.append(str(in_force.besluitversie + 1))
    return PartijRecord(
        partij_id=identifier(*by_origin) if sleutels else case.own_partij_id(at),
        nummer=numbers.take(NumberKind.PARTIJ),
        grondsleutel=sleutels[0] if sleutels else None,
    )


def _links(
    sleutels: Sequence[str], partij: PartijRecord, is_linked: Callable[[str], bool]
) -> tuple[tuple[str, ...], tuple[Kanttekening, ...]]:
    """Return the sleutels of a betrokkene that find its partij from now on.

    There is one of each kind, and none that finds another partij.
    """
    kinds = {soort_of(sleutel): sleutel for sleutel in partij.sleutels}
    links: list[str] = []
    notes: list[Kanttekening] = []
    for sleutel in sleutels:
        if sleutel in partij.sleutels:
            links.append(sleutel)
        elif is_linked(sleutel):
            notes.append(Kanttekening.IDENTIFICATOR_ELDERS)
        elif soort_of(sleutel) in kinds:
            notes.append(Kanttekening.TWEEDE_VAN_SOORT)
        else:
            links.append(sleutel)
    return tuple(links), tuple(notes)


def release(around: Surroundings, touched: set[str]) -> Iterator[PartijRecord]:
    """Yield the partijen that the earlier revisie touched and this one does not, as they are without it."""
    for earlier in around.in_force.partijen if around.in_force else ():
        if earlier.partij_id not in touched:
            yield around.without[earlier.partij_id].taken_back()


# Numbers


def _hand_out(case: Case, verdict: Verdict, in_force: BesluitRecord | None, numbers: Numbers) -> tuple[Uitgegeven, ...]:
    """Return the numbers of every onderwerp: those that it ever had, or new ones."""
    contact = case.received.contact
    stream = klantcontact_stream(vertrouwelijk=contact.vertrouwelijk)
    stream_of_taak = taak_stream(vertrouwelijk=contact.vertrouwelijk)
    handed_out = {each.onderwerp_id: each for each in in_force.uitgegeven} if in_force else {}
    for onderwerp, uitkomst in zip(contact.onderwerpen, verdict.onderwerpen, strict=True):
        if not uitkomst.klantcontact:
            continue
        name = onderwerp.onderwerp_id or ""
        had = handed_out.get(name)
        taak_nummer, taak_streams = (had.taak_nummer, had.taak_streams) if had else (None, (Stream.TAAK,))
        if uitkomst.interne_taak:
            taak_streams = moved_to(stream_of_taak, taak_streams if taak_nummer is not None else ())
            taak_nummer = taak_nummer or numbers.take(NumberKind.INTERNE_TAAK)
        handed_out[name] = Uitgegeven(
            onderwerp_id=name,
            klantcontact_id=klantcontact_id(case.received.source, contact.contact_id, name),
            klantcontact_nummer=had.klantcontact_nummer if had else numbers.take(NumberKind.KLANTCONTACT),
            streams=moved_to(stream, had.streams if had else ()),
            taak_nummer=taak_nummer,
            taak_streams=taak_streams,
        )
    return tuple(handed_out.values())
