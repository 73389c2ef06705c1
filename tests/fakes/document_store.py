"""The register in memory as MongoDB has it: documents in BSON, of which each batch reads those that it asks for."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import count

import bson

from services.classifier.mongo.answers import answer_document, answer_of
from services.classifier.mongo.documents import (
    add_stored,
    besluit_document,
    bijdragen_of,
    gewist_document,
    partij_document,
    partij_of,
)
from services.classifier.mongo.queries import revised
from services.classifier.mongo.reads import MAX_BESLUITEN_BYTES, MAX_FOLDED
from services.classifier.mongo.register import KEPT_WITHOUT_TRACE
from services.classifier.ports import HeavyBatch
from services.domain.besluit import BesluitRecord
from services.domain.case import Case
from services.domain.numbers import Numbers
from services.domain.outcome import InstructionAnswer, Outcome
from services.domain.partij import PartijRecord
from services.domain.policy import DEFAULT, Beleid
from services.domain.register import Register
from services.domain.wissing import Wissing


class DocumentStore:
    """A RegisterStore in memory. A batch takes the memory and the time that its documents take."""

    def __init__(self, beleid: Beleid = DEFAULT, *, kept_without_trace: timedelta = KEPT_WITHOUT_TRACE) -> None:
        self._beleid = beleid
        self._kept_without_trace = kept_without_trace
        self._numbers = Numbers(count(1), count(1), count(1))
        self.besluiten: dict[str, bytes] = {}
        self.partijen: dict[str, bytes] = {}
        self.answers: dict[str, bytes] = {}
        """To instructions to erase."""
        self._found_by: dict[str, set[str]] = {}
        """For each sleutel the partijen that it may find."""
        self._touching: dict[str, set[str]] = {}
        """For each partij the contacts that may have touched it."""

    def clear(self) -> None:
        """Forget everything but the numbers that were handed out."""
        for kept in (self.besluiten, self.partijen, self._found_by, self._touching):
            kept.clear()

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """Look up, judge and record as `MongoRegister` does."""
        register = self._looked_up(batch)
        outcomes = judge(register)
        partijen = [register.partijen[each] for each in register.changed_partijen]
        besluiten = [register.besluiten[each] for each in register.changed_besluiten]
        # All documents of a batch are in memory at once, as in a bulk write.
        written = [(each, partij_document(each)) for each in partijen]
        also_written = [(each, besluit_document(each, self._kept_without_trace)) for each in besluiten]
        for partij, document in written:
            self._keep_partij(partij, bson.encode(document))
        for besluit, document in also_written:
            self._keep_besluit(besluit, bson.encode(document))
        return outcomes

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Look up, execute and record as `MongoRegister` does."""
        if (kept := self.answers.get(wissing.opdracht)) is not None:
            return answer_of(bson.decode(kept), wissing)
        register = Register(self._beleid, self._numbers)
        ids = {wissing.partij_id} if wissing.partij_id is not None else set[str]()
        if wissing.contact_key is not None and (written := self.besluiten.get(wissing.contact_key)) is not None:
            add_stored(register, bson.decode(written))
            touched = register.besluiten.get(wissing.contact_key)
            ids.update(each.partij_id for each in (touched.partijen if touched is not None else ()))
        for partij_id in ids & self.partijen.keys():
            register.add_partij(partij_of(bson.decode(self.partijen[partij_id])))
        if wissing.contact_key is not None:
            self._look_up_bijdragen(ids, register, None)
        self._look_up_changes(ids, register)
        answer = execute(register)
        for partij_id in register.gone_partijen:
            self.partijen.pop(partij_id, None)
        for partij_id in register.changed_partijen:
            self._keep_partij(register.partijen[partij_id], bson.encode(partij_document(register.partijen[partij_id])))
        for key in register.changed_besluiten:
            if key in register.gewist:
                self.besluiten[key] = bson.encode(gewist_document(key, register.gewist[key]))
            else:
                besluit = register.besluiten[key]
                self._keep_besluit(besluit, bson.encode(besluit_document(besluit, self._kept_without_trace)))
        self.answers[wissing.opdracht] = bson.encode(answer_document(answer))
        return answer

    def _looked_up(self, batch: Sequence[Case]) -> Register:
        register = Register(self._beleid, self._numbers)
        asked = {case.key for case in batch} | {key for case in batch if (key := self._followed(case)) is not None}
        asked &= self.besluiten.keys()
        if len(batch) > 1 and sum(len(self.besluiten[each]) for each in asked) > MAX_BESLUITEN_BYTES:
            raise HeavyBatch
        for key in asked:
            add_stored(register, bson.decode(self.besluiten[key]))
        for partij_id in self._asked_partijen(batch, register):
            register.add_partij(partij_of(bson.decode(self.partijen[partij_id])))
        corrected = revised(batch, register)
        if corrected:
            most = MAX_FOLDED // len(corrected) if len(batch) > 1 else None
            self._look_up_bijdragen(register.touchable(corrected, batch), register, most)
        return register

    def _followed(self, case: Case) -> str | None:
        asked = case.received.contact.vervolg_op
        if asked is None or asked.klantcontact_id is None:
            return case.vervolg_key()
        wanted = asked.klantcontact_id.lower()
        return next((key for key, written in self.besluiten.items() if wanted in _klantcontacten(written)), None)

    def _asked_partijen(self, batch: Sequence[Case], register: Register) -> Iterable[str]:
        sleutels = {each for case in batch for of_one in case.sleutels for each in of_one}
        ids = {each for case in batch for each in case.own_partij_ids()}
        ids.update(*[self._found_by.get(each, ()) for each in sleutels])
        in_force = [register.besluiten[case.key] for case in batch if case.key in register.besluiten]
        ids.update(touched.partij_id for besluit in in_force for touched in besluit.partijen)
        return ids & self.partijen.keys()

    def _look_up_bijdragen(self, partij_ids: set[str], register: Register, most: int | None) -> None:
        keys = set[str]().union(*[self._touching.get(each, ()) for each in partij_ids])
        if most is not None and len(keys) > most:
            raise HeavyBatch
        for key in keys:
            document = bson.decode(self.besluiten[key])
            for partij_id, bijdrage in bijdragen_of(document) if "partijen" in document else ():
                if partij_id in partij_ids:
                    register.add_bijdrage(partij_id, key, bijdrage)

    def _look_up_changes(self, partij_ids: set[str], register: Register) -> None:
        for key in set[str]().union(*[self._touching.get(each, ()) for each in partij_ids]):
            document = bson.decode(self.besluiten[key])
            if document.get("onderwerpen") == []:
                add_stored(register, document)

    def _keep_partij(self, partij: PartijRecord, written: bytes) -> None:
        self.partijen[partij.partij_id] = written
        for sleutel in [*partij.sleutels, *([partij.grondsleutel] if partij.grondsleutel else [])]:
            self._found_by.setdefault(sleutel, set()).add(partij.partij_id)

    def _keep_besluit(self, besluit: BesluitRecord, written: bytes) -> None:
        self.besluiten[besluit.key] = written
        for touched in besluit.partijen:
            self._touching.setdefault(touched.partij_id, set()).add(besluit.key)


def _klantcontacten(besluit: bytes) -> list[str]:
    return [each["klantcontactId"] for each in bson.decode(besluit).get("uitgegeven", [])]
