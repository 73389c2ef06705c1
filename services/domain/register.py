"""The register as far as a batch needs it, with the changes of the contacts that the batch has judged so far.

Judging a batch is a fold over it. The classifier fills it from MongoDB and writes back the changes; the dry run keeps
one for a whole file. It holds no contents of any contact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.faults import Fault, FaultKind, RefusalKind
from schemas.positions import Position
from services.domain.besluit import BesluitRecord, Vervolg
from services.domain.case import Case
from services.domain.change import change_besluit
from services.domain.herbeoordeling import Feiten
from services.domain.new_besluit import Surroundings, by_record, new_besluit, revives
from services.domain.numbers import Numbers
from services.domain.outcome import Decided, Erased, Outcome, Overtaken, Refused, Rejudged, Repeated, Unchanged
from services.domain.partij import Bijdrage, PartijRecord
from services.domain.policy import Beleid
from services.domain.record_size import is_too_large
from services.domain.refusals import refused, same_partij_twice, too_many
from services.domain.toelichting import Kanttekening
from services.domain.vervolg import followed_up
from services.domain.wissing import Gewist


@dataclass(slots=True)
class Register:
    """A working copy. Its caller adds the records, partijen and bijdragen that the cases of the batch ask for."""

    beleid: Beleid
    numbers: Numbers
    partijen: dict[str, PartijRecord] = field(default_factory=dict)
    besluiten: dict[str, BesluitRecord] = field(default_factory=dict)
    gewist: dict[str, Gewist] = field(default_factory=dict)
    """The contacts that were erased as a whole."""
    changed_partijen: set[str] = field(default_factory=set)
    changed_besluiten: set[str] = field(default_factory=set)
    """Those of erased contacts too."""
    gone_partijen: set[str] = field(default_factory=set)
    """Those that are erased."""
    _linked: dict[str, str] = field(default_factory=dict)
    """For each sleutel the partij that it found last. It still does if the partij has the sleutel."""
    _reserved: dict[str, set[str]] = field(default_factory=dict)
    """For each sleutel the partijen that were made for it."""
    _bijdragen: dict[str, dict[str, Bijdrage]] = field(default_factory=dict)
    """For each partij what each contact did to it."""
    _klantcontacten: dict[str, str] = field(default_factory=dict)
    """For each klantcontact the contact that it was registered for."""

    # Filling it

    def add_partij(self, partij: PartijRecord) -> None:
        """Add a partij as it is in the register."""
        self.partijen[partij.partij_id] = partij
        for sleutel in partij.sleutels:
            self._linked[sleutel] = partij.partij_id
        if partij.grondsleutel is not None:
            self._reserved.setdefault(partij.grondsleutel, set()).add(partij.partij_id)

    def add_besluit(self, besluit: BesluitRecord) -> None:
        """Add a decision record as it is in the register."""
        self.besluiten[besluit.key] = besluit
        for uitgegeven in besluit.uitgegeven:
            self._klantcontacten[uitgegeven.klantcontact_id] = besluit.key
        for partij in besluit.partijen:
            self.add_bijdrage(partij.partij_id, besluit.key, partij.bijdrage(besluit.moment))

    def add_bijdrage(self, partij_id: str, contact_key: str, bijdrage: Bijdrage) -> None:
        """Add what a contact did to a partij."""
        self._bijdragen.setdefault(partij_id, {})[contact_key] = bijdrage

    def add_gewist(self, key: str, gewist: Gewist) -> None:
        """Add what is left of an erased contact."""
        self.gewist[key] = gewist

    def forget_unchanged(self) -> None:
        """Keep only what judging has changed. The next batch adds again what it asks for."""
        partijen, besluiten = self.changed_partijen, self.changed_besluiten
        self.partijen = {each: self.partijen[each] for each in partijen}
        self.besluiten = {each: self.besluiten[each] for each in besluiten}
        self._linked = {sleutel: each for each in partijen for sleutel in self.partijen[each].sleutels}
        self._reserved = {sleutel: kept for sleutel, ids in self._reserved.items() if (kept := ids & partijen)}
        self._klantcontacten = {each: key for each, key in self._klantcontacten.items() if key in besluiten}
        self._bijdragen = {
            partij_id: {key: bijdrage for key, bijdrage in by_contact.items() if key in besluiten}
            for partij_id, by_contact in self._bijdragen.items()
            if not besluiten.isdisjoint(by_contact)
        }

    def touchable(self, revised: Sequence[Case], batch: Sequence[Case]) -> set[str]:
        """Return the partijen that an earlier revisie of these cases touched, or may touch in this batch.

        A case of the batch can link one identity to the partij of another, so cases that share an identity count too.
        So does the earlier revisie where it lies in the batch: it may name a klant whom the later one does not.
        """
        corrected = {case.key for case in revised}
        reached = {sleutel for case in batch if case.key in corrected for of_one in case.sleutels for sleutel in of_one}
        groups = [of_one for case in batch for of_one in case.sleutels if of_one]
        found: set[str] = set()
        known = -1
        while known < len(reached):
            known = len(reached)
            reached.update(*[group for group in groups if not reached.isdisjoint(group)])
            found = {partij_id for sleutel in reached for partij_id in self._found_by(sleutel)}
            reached.update(*[self.partijen[each].sleutels for each in found])
        earlier = [self.besluiten[case.key] for case in revised if case.key in self.besluiten]
        return found | {partij.partij_id for besluit in earlier for partij in besluit.partijen}

    def _found_by(self, sleutel: str) -> set[str]:
        """Return the partijen that a sleutel finds, also those that were made for it and that no contact knows."""
        made_for_it = self._reserved.get(sleutel, set())
        return made_for_it | {self._linked[sleutel]} if sleutel in self._linked else made_for_it

    def note_sent(self, besluit: BesluitRecord, sent_with: Position) -> None:
        """Remember with which record the events of a decision go out, if that decision is still in force."""
        if self.besluiten.get(besluit.key) == besluit:
            self.besluiten[besluit.key] = replace(besluit, sent_with=sent_with)
            self.changed_besluiten.add(besluit.key)

    # Judging

    def judge(self, case: Case, now: datetime) -> Outcome:
        """Judge the next contact of the batch, and keep what it changes."""
        in_force = self.besluiten.get(case.key)
        if (closed := self._closed(case, in_force)) is not None:
            return closed
        revisie = case.received.contact.revisie
        if in_force is None or revisie > in_force.revisie:
            return self._judge_anew(case, in_force, now)
        if revisie < in_force.revisie:
            return Overtaken(case.received, in_force)
        if case.digest == in_force.digest:
            in_force = case.in_full(in_force)
            asked = case.herbeoordeling
            if asked is not None and not case.is_change and asked.besluitversie == in_force.besluitversie:
                return self._judge_again(case, in_force, asked.feiten, now)
            return Repeated(case.received, in_force, only_new=case.asked_for(in_force))
        return refused(case, RefusalKind.REVISIE_CONFLICT, [Fault("data.revisie", FaultKind.REVISIE_CONFLICT)])

    def _closed(self, case: Case, in_force: BesluitRecord | None) -> Erased | Refused | None:
        """Return why a contact is not judged at all: it was erased, or its source may not publish it."""
        if self.is_erased(case.key):
            return Erased(case.received)
        if case.not_allowed and not case.repeats(in_force):
            # What was accepted once stays accepted, whatever the policy says by now.
            return refused(case, RefusalKind.BRON_NIET_TOEGESTAAN, case.not_allowed)
        return None

    def _judge_anew(self, case: Case, in_force: BesluitRecord | None, now: datetime) -> Outcome:
        without = self.without(in_force)
        found = [self._find(sleutels, without) for sleutels in case.sleutels]
        doubled = same_partij_twice(case, found)
        if doubled:
            return refused(case, RefusalKind.CONTACT_ONGELDIG, doubled)
        around = self._around(case, in_force, found, without)
        if case.is_change:
            besluit, changed = change_besluit(case, around, self.beleid, now)
        else:
            besluit, changed = new_besluit(case, around, self.beleid, self.numbers, now)
        if faults := list(too_many(besluit, in_force)):
            return refused(case, RefusalKind.CONTACT_ONGELDIG, faults)
        self.remember(besluit, changed, in_force)
        return Decided(case.received, besluit)

    def _judge_again(self, case: Case, in_force: BesluitRecord, feiten: Feiten, now: datetime) -> Outcome:
        """Judge the revisie in force again. When the outcome is as it was, the record stays and nothing changes.

        Two betrokkenen can have become one partij since. A first judgement refuses that; here the former judgement
        was accepted once, and stays in force. So it does when the record would be too large.
        """
        without = self.without(in_force)
        found = [self._find(sleutels, without) for sleutels in case.sleutels]
        around = self._around(case, in_force, found, without)
        around = replace(around, former={each.positie: each for each in in_force.partijen})
        facts = by_record(around, in_force) if feiten is Feiten.VASTGELEGD else around
        besluit, changed = new_besluit(case, facts, self.beleid, self.numbers, now)
        if revives(besluit, case, around):
            besluit, changed = new_besluit(case, around, self.beleid, self.numbers, now)
        if besluit.names_a_partij_twice or not besluit.says_something_new or is_too_large(besluit):
            return Unchanged(case.received, in_force)
        self.remember(besluit, changed, in_force)
        return Rejudged(case.received, besluit)

    def _around(
        self,
        case: Case,
        in_force: BesluitRecord | None,
        found: Sequence[PartijRecord | None],
        without: Mapping[str, PartijRecord],
    ) -> Surroundings:
        own = [self._own(case, position, each, without) for position, each in enumerate(found)]
        vervolg, note = self._followed_up(case)
        return Surroundings(
            in_force=in_force,
            own=own,
            standen={at: partij.stand for at, partij in enumerate(own) if partij is not None},
            before=self.partijen,
            without=without,
            vervolg=vervolg,
            vervolg_note=note,
            is_linked=lambda sleutel: self._find([sleutel], without) is not None,
        )

    def without(self, in_force: BesluitRecord | None) -> Mapping[str, PartijRecord]:
        """Return the partijen that a contact touched, as if it had not been."""
        if in_force is None:
            return {}
        return {
            touched.partij_id: self.partijen[touched.partij_id].known_only_by(
                bijdrage
                for contact_key, bijdrage in self._bijdragen[touched.partij_id].items()
                if contact_key != in_force.key
            )
            for touched in in_force.partijen
        }

    def _find(self, sleutels: Sequence[str], without: Mapping[str, PartijRecord]) -> PartijRecord | None:
        """Return the partij of a betrokkene by the first identity that the register knows."""
        for sleutel in sleutels:
            partij_id = self._linked.get(sleutel)
            if partij_id is not None:
                partij = without.get(partij_id) or self.partijen[partij_id]
                if sleutel in partij.sleutels:
                    return partij
        return None

    def _own(
        self, case: Case, position: int, found: PartijRecord | None, without: Mapping[str, PartijRecord]
    ) -> PartijRecord | None:
        """Return the partij of a betrokkene, also one that was made for it and that no contact knows any more."""
        if found is not None or position not in case.gekend:
            return found
        if not case.sleutels[position]:
            own = case.own_partij_id(position)
            return without.get(own) or self.partijen.get(own)
        for sleutel in case.sleutels[position]:
            made_for = [without.get(each) or self.partijen[each] for each in self._reserved.get(sleutel, ())]
            forgotten = [partij for partij in made_for if not partij.bekend]
            if forgotten:
                return min(forgotten, key=lambda partij: int(partij.nummer))
        return None

    def _followed_up(self, case: Case) -> tuple[Vervolg | None, Kanttekening | None]:
        """Return the klantcontact that a contact follows up, or why there is none."""
        asked = case.received.contact.vervolg_op
        if asked is None:
            return None, None
        named = asked.klantcontact_id
        key = self._klantcontacten.get(named.lower()) if named is not None else case.vervolg_key()
        return followed_up(case, self.besluiten.get(key) if key is not None else None)

    # Remembering

    def remember(self, besluit: BesluitRecord, changed: Iterable[PartijRecord], in_force: BesluitRecord | None) -> None:
        """Keep a decision in place of the one in force, and the partijen that it changes."""
        for touched in in_force.partijen if in_force else ():
            self._bijdragen[touched.partij_id].pop(besluit.key)
        for partij in changed:
            self.add_partij(partij)
            self.changed_partijen.add(partij.partij_id)
        self.add_besluit(besluit)
        self.changed_besluiten.add(besluit.key)

    # Erasing

    def is_erased(self, key: str) -> bool:
        """Whether a contact was erased, or somebody who took part in it. Then it is closed."""
        in_force = self.besluiten.get(key)
        return key in self.gewist or (in_force is not None and in_force.gewist is not None)

    def erase(self, key: str, gewist: Gewist, changed: Iterable[PartijRecord]) -> None:
        """Keep nothing of a contact but that it was erased, and the partijen that this changes."""
        in_force = self.besluiten.pop(key, None)
        for touched in in_force.partijen if in_force else ():
            self._bijdragen[touched.partij_id].pop(key, None)
        for uitgegeven in in_force.uitgegeven if in_force else ():
            self._klantcontacten.pop(uitgegeven.klantcontact_id, None)
        for partij in changed:
            self.change_partij(partij)
        self.add_gewist(key, gewist)
        self.changed_besluiten.add(key)

    def change_partij(self, partij: PartijRecord) -> None:
        """Keep a partij as it has become."""
        self.forget_partij(partij.partij_id)
        self.add_partij(partij)
        self.gone_partijen.discard(partij.partij_id)
        self.changed_partijen.add(partij.partij_id)

    def forget_partij(self, partij_id: str) -> None:
        """Keep nothing of a partij."""
        partij = self.partijen.pop(partij_id, None)
        if partij is not None and partij.grondsleutel is not None:
            self._reserved[partij.grondsleutel].discard(partij_id)
        self._linked = {sleutel: each for sleutel, each in self._linked.items() if each != partij_id}
        self.changed_partijen.discard(partij_id)
        self.gone_partijen.add(partij_id)
