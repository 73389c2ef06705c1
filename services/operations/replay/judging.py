"""Judging stored contacts again without recording: the fold of the classifier over what its register knows.

It uses the classifier's own reading, look-up and rules. Within a batch it shows what one contact changes for another.
From batch to batch it does so when each batch is executed before the next, or when a dry run carries the changes along.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from schemas.cloudevents import Headers
from schemas.faults import Refusal
from services.classifier.cases import read
from services.classifier.instructions import with_publish_again
from services.classifier.mongo.register import MongoRegister
from services.domain.besluit import BesluitRecord
from services.domain.case import Case
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.outcome import Rejudged, Repeated
from services.domain.policy import Beleid
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.domain.wissing import Wissing
from services.operations.replay.differences import Difference, Standing, difference
from services.operations.replay.selection import ContactSelection, is_held
from services.operations.topic_reader import Progress, Stretch, TopicReader
from services.runtime.kafka.records import Record, as_record

BATCH_SIZE: Final = 500
"""Contacts that are looked up at once: as many as the classifier does."""

LookUp = Callable[[Sequence[Case]], Awaitable[Register]]
"""Returns what the register knows for a batch, in a working copy to which judging adds its changes."""


@dataclass(frozen=True, slots=True)
class ToPublish:
    """The events of a decision that are to go out again."""

    key: str
    """Of the decision record."""
    revisie: int
    besluitversie: int
    events: int
    headers: Headers
    """Of the copy of the record that asks for them."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A record, its standing, and what a new judgement would change."""

    record: Record
    source: str | None
    """None, as the contactId is, when the record can't be read: it is a dead letter."""
    contact_id: str | None
    standing: Standing
    difference: Difference | None = None
    to_publish: ToPublish | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges records again by a policy and by the facts that the operator asked for."""

    look_up: LookUp
    sleutels: Sleutels
    beleid: Beleid
    feiten: Feiten | None
    """None: events are to go out again, and nothing is judged."""
    _keys: set[str] = field(default_factory=set)
    """Of the decisions whose events are to go out again."""

    async def examine(
        self,
        reader: TopicReader,
        stretches: Sequence[Stretch],
        selection: ContactSelection,
        whole: Sequence[Stretch],
        progress: Progress,
    ) -> AsyncIterator[Sequence[Examined]]:
        """Yield every record of a selection, a batch at a time, with what a new judgement would change.

        It reads one stretch after another, so that the order, which may decide, is the same every time. `whole` is all
        that the topics hold. It looks up a batch only when the caller asks for it: after a caller has executed the
        batch before, this one shows what comes of both. Raises as `topic_reader` and `look_up` do.
        """
        done, total = 0, sum(each.length for each in stretches)
        for stretch in stretches:
            async for fetched in reader.records([stretch], of_part(progress, before=done, total=total)):
                for start in range(0, len(fetched), BATCH_SIZE):
                    records = [as_record(each) for each in fetched[start : start + BATCH_SIZE]]
                    yield await self._batch(records, selection, whole)
            done += stretch.length

    async def _batch(
        self, records: Sequence[Record], selection: ContactSelection, whole: Sequence[Stretch]
    ) -> Sequence[Examined]:
        # Which besluitversie is in force is known only after the look-up. But a request decides what is looked up.
        asked = Herbeoordeling(1, self.feiten) if self.feiten else None
        cases = [(record, read(record, self.sleutels, self.beleid, asked=asked)) for record in records]
        meant = [
            (record, case) for record, case in cases if not isinstance(case, Wissing) and _is_meant(case, selection)
        ]
        register = await self.look_up([case for _, case in meant if isinstance(case, Case)])
        return [
            self._examined(record, case, register, whole)
            if isinstance(case, Case)
            else Examined(record, None, None, Standing.DEAD_LETTER)
            for record, case in meant
        ]

    def _examined(self, record: Record, case: Case, register: Register, whole: Sequence[Stretch]) -> Examined:
        source, contact_id = case.received.source, case.received.contact.contact_id
        if self.feiten is None:
            standing, to_publish = self._to_publish(record, case, register, whole)
            return Examined(record, source, contact_id, standing, to_publish=to_publish)
        standing, found = self._judged(case, self.feiten, register, whole)
        return Examined(record, source, contact_id, standing, found)

    def _to_publish(
        self, record: Record, case: Case, register: Register, whole: Sequence[Stretch]
    ) -> tuple[Standing, ToPublish | None]:
        in_force = register.besluiten.get(case.key)
        standing = Standing.ERASED if register.is_erased(case.key) else _standing(case, in_force, whole)
        if standing is not None or in_force is None:
            return standing or Standing.NOT_JUDGED, None
        if case.key in self._keys:
            return Standing.REPEAT, None
        self._keys.add(case.key)
        events = sum(1 for _ in Repeated(case.received, in_force).events(""))
        headers = with_publish_again(record.headers, case, self.sleutels)
        return Standing.TO_PUBLISH, ToPublish(case.key, in_force.revisie, in_force.besluitversie, events, headers)

    def _judged(
        self, case: Case, feiten: Feiten, register: Register, whole: Sequence[Stretch]
    ) -> tuple[Standing, Difference | None]:
        in_force = register.besluiten.get(case.key)
        standing = Standing.ERASED if register.is_erased(case.key) else _standing(case, in_force, whole)
        if standing is not None or in_force is None:
            return standing or Standing.NOT_JUDGED, None
        asked = replace(case, herbeoordeling=Herbeoordeling(in_force.besluitversie, feiten))
        outcome = register.judge(asked, datetime.now(UTC))
        if not isinstance(outcome, Rejudged):
            return Standing.SAME, None
        return Standing.CHANGES, difference(in_force, outcome.besluit)


def _is_meant(case: Case | Refusal, selection: ContactSelection) -> bool:
    """Whether a record is selected. One that can't be read is, when the selection names no contact and no source."""
    if isinstance(case, Refusal):
        return not selection.source and not selection.contacts
    received = case.received
    return selection.fits(source=received.source, contact_id=received.contact.contact_id)


def of_part(progress: Progress, *, before: int, total: int) -> Progress:
    """Return a progress that shows how far one stretch is as how far the whole is."""
    return lambda done, _of: progress(before + done, total)


def _standing(case: Case, in_force: BesluitRecord | None, whole: Sequence[Stretch]) -> Standing | None:
    """Return why a record is not judged again; None when it is."""
    revisie = case.received.contact.revisie
    if in_force is None or revisie > in_force.revisie:
        return Standing.DEAD_LETTER if case.not_allowed else Standing.NOT_JUDGED
    if revisie < in_force.revisie:
        return Standing.OVERTAKEN
    if case.digest != in_force.digest:
        return Standing.DEAD_LETTER
    first = in_force.position
    if first is None or first == case.position or not is_held(first, whole):
        return None
    return Standing.REPEAT


MAX_CARRIED: Final = 200_000
"""Changed contacts: half a GB, at 2.3 kB each with the partijen that they change. A large municipality has fewer in a
week in which every second contact comes out otherwise."""


@dataclass(slots=True)
class CarriedRegister:
    """Answers as MongoDB would if all that was judged here had been recorded.

    It keeps only the changes. It also shows what the services record meanwhile, except about what was changed here.
    """

    stored: MongoRegister
    forgotten: int = 0
    """How many changed contacts were dropped because there were more than MAX_CARRIED. Those after them miss these."""
    register: Register | None = field(default=None, init=False)
    """The changes, and what else the last batch asked for."""

    async def look_up(self, batch: Sequence[Case]) -> Register:
        """Return what is known for a batch. Judging it there adds to the changes. Raises as `MongoRegister.look_up`."""
        if self.register is not None:
            self.register.forget_unchanged()
            if len(self.register.besluiten) > MAX_CARRIED:
                self.forgotten += len(self.register.besluiten)
                self.register = None
        self.register = await self.stored.look_up(batch, self.register)
        return self.register
