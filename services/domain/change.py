"""The decision about a change outside a contact: consent, or a restriction of processing.

A contact without onderwerpen, of one klant: statements, repeats, corrections and origins follow the rules for contacts.
It differs in three things. It makes no partij known, and no identity of one: without a contact nothing is kept. It
brings no details. And it tells the outcome each time, since no klantcontact does.
Source: AVG 7(3) and 18; `schemas/decision.md`, "Consent outside a contact" and "Restriction".
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import IntrekkingResultaat, PartijResultaat, Reden
from schemas.values import value_class
from services.domain.besluit import (
    MAX_VOORGANGERS,
    Aanleiding,
    BesluitRecord,
    Intrekking,
    PartijBesluit,
    PartijIntrekking,
)
from services.domain.case import Case
from services.domain.changed import is_told_as_changed, regel_of
from services.domain.consent import STATEMENTS
from services.domain.intrekkingen import taken_back
from services.domain.new_besluit import FIRST_JUDGEMENT, Surroundings, release
from services.domain.partij import Bijdrage, PartijRecord
from services.domain.policy import Beleid
from services.domain.toelichting import Kanttekening


@value_class(frozen=True, slots=True)
class _Changed:
    besluit: PartijBesluit
    partij: PartijRecord
    """As it is afterwards."""


def change_besluit(
    case: Case, around: Surroundings, beleid: Beleid, now: datetime
) -> tuple[BesluitRecord, tuple[PartijRecord, ...]]:
    """Decide about a change, or a higher revisie of it. Return its decision record and the partijen as they are after.

    Without effect on a partij the record has no trace, and says why.
    """
    contact, in_force = case.received.contact, around.in_force
    changed = _change(case, around)
    released = list(release(around, {changed.besluit.partij_id} if changed else set()))
    besluit = BesluitRecord(
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
        onderwerpen=(),
        partijen=(changed.besluit,) if changed else (),
        kanttekeningen=tuple(_notes(case, changed)),
        position=case.position,
        voorgangers=(*in_force.voorgangers, in_force.as_voorganger())[-MAX_VOORGANGERS:] if in_force else (),
    )
    intrekkingen = [*taken_back(besluit, in_force, around.before, released), *_emptied(besluit)]
    return replace(besluit, intrekkingen=tuple(intrekkingen)), (*released, *([changed.partij] if changed else []))


def _change(case: Case, around: Surroundings) -> _Changed | None:
    """Return what a change does to the partij of its klant; None when it has no effect."""
    [klant], [base] = case.received.contact.betrokkenen, around.own
    if 0 not in case.gekend or base is None or not base.bekend:
        return None
    stand, versie = base.stand, base.versie + 1
    wordt_beperkt = case.instruction.beperking if case.instruction else None
    said = klant.toestemming_hergebruik if klant.toestemming_hergebruik in STATEMENTS else None
    consent = stand.stating(said, case.moment).give_consent
    emptied = wordt_beperkt is None and not consent
    resultaat = PartijResultaat.LEEG if emptied else PartijResultaat.BESTAAND
    bijdrage = Bijdrage(stand.statements.stated_at(said, case.moment), versie, resultaat, said, vult=False, sleutels=())
    partij = base.with_bijdrage(bijdrage)
    if wordt_beperkt is not None:
        partij = replace(partij, beperkt=case.moment if wordt_beperkt else None)
    besluit = PartijBesluit(
        positie=0,
        partij_id=base.partij_id,
        nummer=base.nummer,
        versie=versie,
        geleegd_bij=partij.geleegd_bij,
        resultaat=resultaat,
        consent=consent,
        carries_name=False,
        vult=False,
        verklaring=said,
        sleutels=(),
        middel=case.gekend[0],
        stand=stand,
        wordt_beperkt=wordt_beperkt,
    )
    return _Changed(besluit, partij)


def _notes(case: Case, changed: _Changed | None) -> Iterator[Kanttekening]:
    if changed is not None:
        return
    if 0 in case.gekend:
        yield Kanttekening.WIJZIGING_KLANT_ONBEKEND
        return
    yield Kanttekening.WIJZIGING_NIET_GEKEND
    if case.received.contact.betrokkenen[0].toestemming_hergebruik is Toestemming.INGETROKKEN:
        yield Kanttekening.INTREKKING_ZONDER_GEVOLG


def _emptied(besluit: BesluitRecord) -> Iterator[Intrekking]:
    for partij in besluit.partijen:
        if not is_told_as_changed(partij):
            why: Aanleiding = besluit.aanleiding(regel_of(partij))
            yield PartijIntrekking(
                why,
                partij.partij_id,
                partij.nummer,
                partij.versie,
                partij.geleegd_bij,
                IntrekkingResultaat.LEEG,
                (),
                reden=Reden.INGETROKKEN,
            )
