"""Executes an instruction to erase, on the register as far as the instruction needs it.

A contact that is erased as a whole leaves a tombstone. One in which others stay keeps its decision record, without the
one who was erased and without its digest, so that consent, links and numbers of the others stay right. Both are closed.
Source: `schemas/decision.md`, "Erasing".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from schemas import klantcontact_registered_v1
from schemas.outputs import PartijRegel
from services.domain.besluit import (
    Aanleiding,
    BesluitRecord,
    Intrekking,
    KlantcontactIntrekking,
    OnderwerpBesluit,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Uitgegeven,
)
from services.domain.envelope import Event, Sender
from services.domain.intrekkingen import taken_from
from services.domain.opnieuw import DETAILS, fits
from services.domain.outcome import Declined, Executed, InstructionAnswer
from services.domain.partij import PartijRecord
from services.domain.register import Register
from services.domain.streams import klantcontact_stream
from services.domain.wissing import Bezwaar, Gewist, GewistItem, SoortWissing, Wissing, item_key
from services.domain.withdrawn import withdrawn

NO_EVENTS: Final[Mapping[str, Event]] = {}


def execute(register: Register, wissing: Wissing, now: datetime, source: str) -> InstructionAnswer:
    """Erase what an instruction names, and return what goes out for it; `source` is the classifier's own."""
    if wissing.contact_key is None:
        return _erase_partij(register, wissing, now)
    if wissing.contact_key in register.gewist:
        return Declined(wissing, Bezwaar.AL_GEWIST)
    in_force = register.besluiten.get(wissing.contact_key)
    if (wissing.revisie, wissing.besluitversie) != _version(in_force):
        return Declined(wissing, Bezwaar.ANDER_BESLUIT)
    if in_force is None:
        register.erase(wissing.contact_key, Gewist(now, wissing.verzoek), ())
        return _executed(wissing, now)
    if wissing.soort is SoortWissing.CONTACT:
        return _erase_contact(register, wissing, in_force, now, source)
    return _erase_from_contact(register, wissing, in_force, now, source)


def _version(in_force: BesluitRecord | None) -> tuple[int, int]:
    return (in_force.revisie, in_force.besluitversie) if in_force is not None else (0, 0)


def _executed(
    wissing: Wissing,
    now: datetime,
    *,
    version: tuple[int, int] = (0, 0),
    gone: Sequence[Event] = (),
    anew: Mapping[str, Event] = NO_EVENTS,
) -> Executed:
    item = GewistItem(
        key=item_key(wissing),
        soort=wissing.soort,
        contact_key=wissing.contact_key,
        partij_id=wissing.partij_id,
        op=now,
        verzoek=wissing.verzoek,
        reden=wissing.reden,
        revisie=version[0],
        besluitversie=version[1],
    )
    return Executed(wissing, item, gone, anew)


# A partij alone


def _erase_partij(register: Register, wissing: Wissing, now: datetime) -> InstructionAnswer:
    """Forget the links of a partij, or its entry. No event goes out: no klantcontact changes by it."""
    assert wissing.partij_id is not None, "an instruction names a contact or a partij"
    partij = register.partijen.get(wissing.partij_id)
    if wissing.soort is SoortWissing.KOPPELINGEN:
        if partij is None:
            return Declined(wissing, Bezwaar.AL_GEWIST)
        if partij.is_linked:
            register.change_partij(partij.without_links())
        return _executed(wissing, now)
    if partij is not None and partij.bekend:
        return Declined(wissing, Bezwaar.NOG_BEKEND)
    _forget_changes(register, wissing.partij_id, wissing, now)
    if partij is not None and (partij.gewist or partij.grondsleutel is not None):
        register.forget_partij(partij.partij_id)
    elif partij is not None:
        # It was made for one contact, without an identificator, and a correction of that contact may name
        # its betrokkene again. It then gets the same id, which must not begin at versie 1 again.
        register.change_partij(replace(partij, gegeven=None, ingetrokken=None, gevuld=None))
    return _executed(wissing, now)


# A contact


def _erase_contact(
    register: Register, wissing: Wissing, in_force: BesluitRecord, now: datetime, source: str
) -> InstructionAnswer:
    why = _why(in_force, now)
    after = _taken_back(register, in_force.partijen, register.without(in_force))
    if _revives_consent(register, after):
        return Declined(wissing, Bezwaar.TOESTEMMING_LEEFT_OP)
    gone = [
        *_onderwerpen_gone(in_force.uitgegeven, why),
        *[taken_from(register.partijen[each.partij_id], each, why, in_force) for each in after],
    ]
    events = _events(in_force, [replace(each, reden=wissing.reden) for each in gone], source)
    register.erase(in_force.key, Gewist(now, wissing.verzoek), [each for each in after if each.bekend])
    _forget_unknown(register, after, wissing, now)
    return _executed(wissing, now, version=_of(why), gone=events)


def _erase_from_contact(
    register: Register, wissing: Wissing, in_force: BesluitRecord, now: datetime, source: str
) -> InstructionAnswer:
    partij_id = wissing.partij_id
    own = [each for each in in_force.partijen if each.partij_id == partij_id]
    if not own and wissing.soort is not SoortWissing.CONTACTGEGEVENS:
        return _forget_taken_back(register, wissing, in_force, now)
    why = _why(in_force, now)
    after: list[PartijRecord] = []
    if wissing.soort is SoortWissing.CONTACTGEGEVENS:
        partijen = in_force.partijen
    elif wissing.soort is SoortWissing.GEGEVENS:
        partijen = tuple(_without_details(each, partij_id) for each in in_force.partijen)
        after = [register.partijen[own[0].partij_id].emptied()] if wissing.leegt else []
    else:
        partijen = tuple(each for each in in_force.partijen if each.partij_id != partij_id)
        after = _taken_back(register, own, register.without(in_force))
    marked = replace(
        in_force,
        besluitversie=why.besluitversie,
        besloten_op=now,
        digest="",
        partijen=partijen,
        intrekkingen=_without(in_force.intrekkingen, partij_id),
        gewist=Gewist(now, wissing.verzoek),
    )
    if _revives_consent(register, after):
        return Declined(wissing, Bezwaar.TOESTEMMING_LEEFT_OP)
    if not all(fits(each, marked, wissing) for each in wissing.opnieuw):
        return Declined(wissing, Bezwaar.PAST_NIET)
    marked = replace(marked, onderwerpen=tuple(_onderwerpen(marked, in_force, wissing)))
    withdrawn_now = [each for each in in_force.uitgegeven if each.klantcontact_id in wissing.vervallen]
    gone = [
        *_onderwerpen_gone(withdrawn_now, why),
        *[taken_from(register.partijen[each.partij_id], each, why, in_force) for each in after],
    ]
    gone = [replace(each, reden=wissing.reden) for each in gone]
    taken_back = tuple(each for each in gone if not isinstance(each, PartijIntrekking))
    marked = replace(marked, intrekkingen=(*marked.intrekkingen, *taken_back))
    events = _events(in_force, gone, source)
    anew = dict(_registered_anew(marked, wissing, source))
    register.remember(marked, (), in_force)
    for each in after:
        register.change_partij(each)
    _forget_unknown(register, after, wissing, now)
    return _executed(wissing, now, version=_of(why), gone=events, anew=anew)


def _forget_taken_back(register: Register, wissing: Wissing, in_force: BesluitRecord, now: datetime) -> Executed:
    """Forget that a contact once took something back from a partij. The contact itself stays open."""
    fewer = _without(in_force.intrekkingen, wissing.partij_id)
    if len(fewer) < len(in_force.intrekkingen):
        register.remember(replace(in_force, intrekkingen=fewer), (), in_force)
    return _executed(wissing, now)


def _why(in_force: BesluitRecord, now: datetime) -> Aanleiding:
    """Return the decision to erase: newer than all that went out for this contact."""
    return replace(
        in_force.aanleiding(in_force.onderwerpen[0].regel if in_force.onderwerpen else PartijRegel.T),
        besluitversie=in_force.besluitversie + 1,
        besloten_op=now,
    )


def _of(why: Aanleiding) -> tuple[int, int]:
    return why.revisie, why.besluitversie


def _taken_back(
    register: Register, touched: Iterable[PartijBesluit], without: Mapping[str, PartijRecord]
) -> list[PartijRecord]:
    """Return the partijen of a contact as they are without it, in the versie of the erasure."""
    ids = dict.fromkeys(each.partij_id for each in touched)
    return [without[each].taken_back() for each in ids if each in register.partijen]


def _revives_consent(register: Register, after: Iterable[PartijRecord]) -> bool:
    """Whether a klant who withdrew consent would have given it again. AVG art. 7(3): withdrawn stays withdrawn."""
    return any(
        each.has_consent and each.bekend and not each.gewist and not register.partijen[each.partij_id].has_consent
        for each in after
    )


def _forget_unknown(register: Register, after: Iterable[PartijRecord], wissing: Wissing, now: datetime) -> None:
    for each in after:
        if not each.bekend:
            _forget_changes(register, each.partij_id, wissing, now)
            register.forget_partij(each.partij_id)


def _forget_changes(register: Register, partij_id: str, wissing: Wissing, now: datetime) -> None:
    """Erase the changes outside a contact that name a partij which no contact knows (VNG V3337)."""
    changes = [each for each in register.besluiten.values() if each.is_change]
    for each in changes:
        if any(partij.partij_id == partij_id for partij in each.partijen):
            register.erase(each.key, Gewist(now, wissing.verzoek), ())


def _onderwerpen_gone(uitgegeven: Iterable[Uitgegeven], why: Aanleiding) -> Iterator[Intrekking]:
    """Yield the withdrawals of klantcontacten and taken, from each stream that they were ever on."""
    for had in uitgegeven:
        for stream in had.streams:
            yield KlantcontactIntrekking(why, had.onderwerp_id, stream, verplaatst=False)
        for stream in had.taak_streams if had.taak_nummer is not None else ():
            yield TaakIntrekking(why, had.onderwerp_id, stream, verplaatst=False)


def _events(besluit: BesluitRecord, gone: Iterable[Intrekking], source: str) -> list[Event]:
    sender = Sender(besluit, source)
    return [withdrawn(sender, each) for each in gone]


def _without(intrekkingen: Iterable[Intrekking], partij_id: str | None) -> tuple[Intrekking, ...]:
    return tuple(
        each for each in intrekkingen if not (isinstance(each, PartijIntrekking) and each.partij_id == partij_id)
    )


def _without_details(partij: PartijBesluit, partij_id: str | None) -> PartijBesluit:
    return replace(partij, vult=False, carries_name=False) if partij.partij_id == partij_id else partij


def _onderwerpen(marked: BesluitRecord, in_force: BesluitRecord, wissing: Wissing) -> Iterator[OnderwerpBesluit]:
    """Yield the onderwerpen after the erasure: gone, published anew, or as they were under the decision before."""
    anew = {each["klantcontact"]["klantcontactId"]: each for each in wissing.opnieuw}
    for each in in_force.onderwerpen:
        numbers = marked.numbers_of(each.onderwerp_id)
        klantcontact_id = numbers.klantcontact_id if numbers is not None else ""
        if klantcontact_id in wissing.vervallen:
            yield replace(each, klantcontact=False, interne_taak=False, contactgegevens=False, sinds=None)
        elif klantcontact_id in anew:
            yield replace(each, contactgegevens=_has_address(anew[klantcontact_id]), sinds=None)
        else:
            yield replace(each, sinds=each.sinds or in_force.aanleiding(each.regel))


def _has_address(klantcontact: Mapping[str, Any]) -> bool:
    return any(
        each.get(name) for each in klantcontact["betrokkenen"] for name in DETAILS - {"contactnaam", "organisatienaam"}
    )


def _registered_anew(marked: BesluitRecord, wissing: Wissing, source: str) -> Iterator[tuple[str, Event]]:
    """Yield the events that go out again, without their contents."""
    sender = Sender(marked, source)
    stream = klantcontact_stream(vertrouwelijk=marked.vertrouwelijk)
    wanted = {each["klantcontact"]["klantcontactId"] for each in wissing.opnieuw}
    for outcome in marked.registered():
        numbers = marked.numbers_of(outcome.onderwerp_id)
        assert numbers is not None, "a registered onderwerp has a number"
        if (subject := numbers.klantcontact_id) in wanted:
            yield subject, sender.event(stream, klantcontact_registered_v1, subject, subject, sender.why(outcome))
