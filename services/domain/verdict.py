"""From the outcome for a contact to its decision record: ids, numbers, links and versies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from schemas.values import value_class
from services.domain.besluit import (
    Besluit,
    PartijBesluit,
    Stream,
    Uitgegeven,
    Vervolg,
)
from services.domain.case import Case
from services.domain.decide import Oordeel, counts, decide
from services.domain.ids import identifier, klantcontact_id
from services.domain.intrekkingen import lost_kinds, taken_back
from services.domain.numbers import NumberKind, Numbers
from services.domain.partij import Bijdrage, Partij
from services.domain.policy import Beleid
from services.domain.sleutels import soort_of
from services.domain.toelichting import Kanttekening

FIRST_JUDGEMENT: Final = 1


@value_class(frozen=True, slots=True)
class Surroundings:
    """What the register holds around one case, as far as its verdict needs it."""

    in_force: Besluit | None
    """The decision of an earlier revisie."""
    own: Sequence[Partij | None]
    """For each betrokkene its partij as if the earlier revisies had not been."""
    before: Mapping[str, Partij]
    """The partijen as they are now."""
    without: Mapping[str, Partij]
    """Those that the earlier revisie touched, as if it had not been."""
    vervolg: Vervolg | None
    is_linked: Callable[[str], bool]
    """Whether a sleutel already finds a known partij."""


@value_class(frozen=True, slots=True)
class Verdict:
    """A new decision record, and the partijen as they are after it; those that lose a link come first."""

    besluit: Besluit
    partijen: tuple[Partij, ...]


@value_class(frozen=True, slots=True)
class _Touched:
    besluit: PartijBesluit
    partij: Partij
    kanttekeningen: tuple[Kanttekening, ...]


def give_verdict(case: Case, around: Surroundings, beleid: Beleid, numbers: Numbers, now: datetime) -> Verdict:
    """Decide about a contact, or about a higher revisie of it, under the ids and numbers that it already had."""
    contact, in_force = case.received.contact, around.in_force
    standen = {at: partij.stand for at, partij in enumerate(around.own) if partij is not None}
    oordeel = decide(contact, case.moment, case.gekend, standen, follows_up=around.vervolg is not None)
    touched = [_touch(case, at, oordeel, around, numbers) for at in oordeel.partijen]
    released = list(_release(around, {each.partij.partij_id for each in touched}))
    uitgegeven = _hand_out(case, oordeel, in_force, numbers)
    besluit = Besluit(
        key=case.key,
        source=case.received.source,
        contact_id=contact.contact_id,
        revisie=contact.revisie,
        besluitversie=FIRST_JUDGEMENT,
        digest=case.digest,
        beleidsversie=beleid.versie,
        besloten_op=now,
        event_id=case.received.event_id,
        traceparent=case.received.traceparent,
        plaatsgevonden_op=contact.plaatsgevonden_op,
        taal=contact.taal or beleid.standaard_taal,
        vertrouwelijk=contact.vertrouwelijk,
        onderwerpen=oordeel.onderwerpen,
        partijen=tuple(each.besluit for each in touched),
        vervolg=around.vervolg,
        uitgegeven=uitgegeven,
        kanttekeningen=_kanttekeningen(case, around.vervolg, touched),
    )
    if in_force is not None or contact.vertrouwelijk:
        besluit = replace(besluit, intrekkingen=tuple(taken_back(besluit, in_force, around.before, released)))
    return Verdict(besluit, (*released, *(each.partij for each in touched)))


def _kanttekeningen(case: Case, vervolg: Vervolg | None, touched: Sequence[_Touched]) -> tuple[str, ...]:
    notes: list[str] = [note for each in touched for note in each.kanttekeningen]
    contact = case.received.contact
    if contact.vervolg_op is not None and vervolg is None and counts(contact):
        notes.append(Kanttekening.VERVOLG_ONBEKEND)
    return tuple(dict.fromkeys(notes))


# Partijen


def _touch(case: Case, at: int, oordeel: Oordeel, around: Surroundings, numbers: Numbers) -> _Touched:
    """Give the partij of a gekende betrokkene after this decision."""
    outcome = oordeel.partijen[at]
    base = around.own[at] or _new_partij(case, at, numbers)
    sleutels, notes = _links(case.sleutels[at], base, around.is_linked)
    versie = base.versie + 1
    bijdrage = Bijdrage(case.moment, versie, outcome.resultaat, outcome.verklaring, outcome.vult, sleutels)
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
        stand=base.stand,
        vervallen_soorten=lost_kinds(before, partij) if before is not None else (),
    )
    return _Touched(besluit, partij, notes)


def _new_partij(case: Case, at: int, numbers: Numbers) -> Partij:
    contact, sleutels = case.received.contact, case.sleutels[at]
    betrokkene = contact.betrokkenen[at]
    by_origin = (case.received.source, "partij", contact.contact_id, str(contact.revisie), betrokkene.ref)
    return Partij(
        partij_id=identifier(*by_origin) if sleutels else case.own_partij_id(at),
        soort_partij=betrokkene.soort_partij,
        nummer=numbers.take(NumberKind.PARTIJ),
        grondsleutel=sleutels[0] if sleutels else None,
    )


def _links(
    sleutels: Sequence[str], partij: Partij, is_linked: Callable[[str], bool]
) -> tuple[tuple[str, ...], tuple[Kanttekening, ...]]:
    """Give the sleutels of a betrokkene that find its partij from now on: one of each kind, none that finds another."""
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


def _release(around: Surroundings, touched: set[str]) -> Iterator[Partij]:
    """Give the partijen that the earlier revisie touched and this one does not."""
    for earlier in around.in_force.partijen if around.in_force else ():
        if earlier.partij_id not in touched:
            yield around.without[earlier.partij_id].taken_back()


# Numbers


def _hand_out(case: Case, oordeel: Oordeel, in_force: Besluit | None, numbers: Numbers) -> tuple[Uitgegeven, ...]:
    """Give every onderwerp its numbers: those that it ever had, else new ones."""
    contact = case.received.contact
    stream = Stream.CONFIDENTIAL if contact.vertrouwelijk else Stream.REGISTERED
    handed_out = {each.onderwerp_id: each for each in in_force.uitgegeven} if in_force else {}
    for onderwerp, uitkomst in zip(contact.onderwerpen, oordeel.onderwerpen, strict=True):
        if not uitkomst.klantcontact:
            continue
        name = onderwerp.onderwerp_id or ""
        had = handed_out.get(name)
        taak_nummer = had.taak_nummer if had else None
        if uitkomst.interne_taak and taak_nummer is None:
            taak_nummer = numbers.take(NumberKind.INTERNE_TAAK)
        left = tuple(each for each in had.streams if each is not stream) if had else ()
        handed_out[name] = Uitgegeven(
            onderwerp_id=name,
            klantcontact_id=klantcontact_id(case.received.source, contact.contact_id, name),
            klantcontact_nummer=had.klantcontact_nummer if had else numbers.take(NumberKind.KLANTCONTACT),
            streams=(*left, stream),
            taak_nummer=taak_nummer,
        )
    return tuple(handed_out.values())
