"""Everything that a correction takes back: an earlier revisie may have shown it, and this one does not.

Source: `schemas/decision.md`, "Taking back".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from schemas.outputs import IntrekkingResultaat, PartijRegel, PartijResultaat
from services.domain.besluit import (
    Aanleiding,
    BesluitRecord,
    Intrekking,
    KlantcontactIntrekking,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
)
from services.domain.numbers import NumberKind
from services.domain.partij import PartijRecord
from services.domain.sleutels import soort_of


def taken_back(
    besluit: BesluitRecord,
    in_force: BesluitRecord | None,
    before: Mapping[str, PartijRecord],
    released: Sequence[PartijRecord],
) -> Iterator[Intrekking]:
    """Return all that is taken back; `released` are the partijen that an earlier revisie touched and this one does not.

    Everything that earlier revisies took back is taken back again, unchanged: it may have been recorded and never
    published. A subscriber that did see it recognises the repeat by its id.
    """
    why = besluit.aanleiding(besluit.onderwerpen[0].regel if besluit.onderwerpen else PartijRegel.T)
    earlier = in_force.intrekkingen if in_force else ()
    known = {replace(each, aanleiding=why): each for each in earlier}
    gone = [
        *_klantcontacten_gone(besluit, why),
        *_taken_gone(besluit, why),
        *_partijen_gone(besluit, why, before, released, in_force),
    ]
    for intrekking in gone:
        yield known.get(intrekking, intrekking)
    visible = {each.partij_id for each in besluit.partijen if not besluit.vertrouwelijk}
    visible.update(each.partij_id for each in gone if isinstance(each, PartijIntrekking))
    for each in earlier:
        if isinstance(each, PartijIntrekking) and each.partij_id not in visible:
            yield each


def _klantcontacten_gone(besluit: BesluitRecord, why: Aanleiding) -> Iterator[Intrekking]:
    registered = {each.onderwerp_id for each in besluit.registered()}
    for had in besluit.uitgegeven:
        *left, last = had.streams
        for stream in left:
            yield KlantcontactIntrekking(why, had.onderwerp_id, stream, verplaatst=True)
        if had.onderwerp_id not in registered:
            yield KlantcontactIntrekking(why, had.onderwerp_id, last, verplaatst=False)


def _taken_gone(besluit: BesluitRecord, why: Aanleiding) -> Iterator[Intrekking]:
    asked = {each.onderwerp_id for each in besluit.onderwerpen if each.interne_taak}
    for had in besluit.uitgegeven:
        if had.taak_nummer is None:
            continue
        *left, last = had.taak_streams
        for stream in left:
            yield TaakIntrekking(why, had.onderwerp_id, stream, verplaatst=True)
        if had.onderwerp_id not in asked:
            yield TaakIntrekking(why, had.onderwerp_id, last, verplaatst=False)


def _partijen_gone(
    besluit: BesluitRecord,
    why: Aanleiding,
    partijen: Mapping[str, PartijRecord],
    released: Sequence[PartijRecord],
    in_force: BesluitRecord | None,
) -> Iterator[Intrekking]:
    for partij in released:
        yield taken_from(partijen[partij.partij_id], partij, why, in_force)
    if not besluit.vertrouwelijk:
        return
    # A subscriber without access to the confidential stream still has to learn that a partij was emptied.
    for each in besluit.partijen:
        before = partijen.get(each.partij_id)
        if before is None or before.versie >= each.versie:
            continue  # no contact knew it, or this judgement left it as it was
        if each.resultaat is PartijResultaat.LEEG and before.bekend and _offered_reuse(before):
            yield PartijIntrekking(
                why,
                each.partij_id,
                each.nummer,
                each.versie,
                each.versie,
                IntrekkingResultaat.LEEG,
                each.vervallen_soorten,
            )


def taken_from(
    before: PartijRecord, after: PartijRecord, why: Aanleiding, in_force: BesluitRecord | None
) -> PartijIntrekking:
    """Return that a contact brings a partij nothing any more: it is *vervallen* when no other contact knows it.

    `in_force` is the decision about the contact that this one replaces.
    """
    resultaat = IntrekkingResultaat.VERVALLEN
    if after.bekend:
        resultaat = IntrekkingResultaat.BESTAAND if after.has_consent else IntrekkingResultaat.LEEG
    lost = lost_kinds(before, after, in_force)
    return PartijIntrekking(why, after.partij_id, after.nummer, after.versie, after.geleegd_bij, resultaat, lost)


def _offered_reuse(partij: PartijRecord) -> bool:
    """Whether a subscriber may think that it can use details of it: it carries some, or consent to new ones."""
    return not partij.stand.leeg or partij.has_consent


def lost_kinds(before: PartijRecord, after: PartijRecord, in_force: BesluitRecord | None) -> tuple[str, ...]:
    """Return the kinds of identity by which a partij was found before and is no longer.

    Also those that the decision in force said so of: its event may be replaced by the one that is made now, while an
    older event that brought such a kind is still there.
    """
    kept = {soort_of(sleutel) for sleutel in after.sleutels}
    lost = [soort_of(sleutel) for sleutel in before.sleutels]
    for said in _said_of_partijen(in_force) if in_force is not None else ():
        if said.partij_id == after.partij_id:
            lost += said.vervallen_soorten
    return tuple(soort for soort in dict.fromkeys(lost) if soort not in kept)


def _said_of_partijen(besluit: BesluitRecord) -> Iterator[PartijBesluit | PartijIntrekking]:
    yield from besluit.partijen
    for each in besluit.intrekkingen:
        if isinstance(each, PartijIntrekking):
            yield each


def number_taken_back(besluit: BesluitRecord, intrekking: Intrekking) -> tuple[NumberKind, str]:
    """Return the kind and the number of what a decision took back."""
    if isinstance(intrekking, PartijIntrekking):
        return NumberKind.PARTIJ, intrekking.nummer
    had = besluit.numbers_of(intrekking.onderwerp_id)
    assert had is not None, "what is taken back was given a number"
    if isinstance(intrekking, KlantcontactIntrekking):
        return NumberKind.KLANTCONTACT, had.klantcontact_nummer
    assert had.taak_nummer is not None, "a taak that is taken back was given a number"
    return NumberKind.INTERNE_TAAK, had.taak_nummer
