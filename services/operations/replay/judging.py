"""Judging stored contacts again, without any consequence: the fold of the classifier over what its register knows.

It uses the classifier's own reading, look-up and rules. What one contact would change for another is seen within a
batch; from batch to batch by whoever records it in between, or carries it along.

What a dry run carries from batch to batch: it records nothing, and all the same sees what comes of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from schemas.positions import Position
from schemas.reading.decoding import Received, decode
from services.classifier.mongo.register import MongoRegister
from services.domain.besluit import Besluit
from services.domain.case import Case, prepare
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.judgement import Rejudged
from services.domain.policy import Beleid
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.operations.replay.differences import Difference, Standing, difference
from services.operations.replay.selection import Selection, is_held
from services.operations.topic_reader import Progress, Stretch, TopicReader
from services.runtime.kafka.records import Record, as_record

BATCH_SIZE: Final = 500
"""Contacts that are looked up at once, as the classifier does."""


LookUp = Callable[[Sequence[Case]], Awaitable[Register]]
"""Gives what the register knows for a batch, in a working copy to which judging adds what it changes."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A record, what became of it, and what would change."""

    record: Record
    source: str | None
    """None, and no contactId, when the record can't be read: it is a dead letter."""
    contact_id: str | None
    standing: Standing
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges records again by a policy, and by the facts that were asked for."""

    look_up: LookUp
    sleutels: Sleutels
    beleid: Beleid
    feiten: Feiten

    async def examine(
        self,
        reader: TopicReader,
        stretches: Sequence[Stretch],
        selection: Selection,
        whole: Sequence[Stretch],
        progress: Progress,
    ) -> AsyncIterator[Sequence[Examined]]:
        """Give every record of a selection with what would become of it, some at once: one stretch after another, so
        that the order, which may decide, is the same every time.

        `whole` is all that the topic holds. Each batch is looked up when it is asked for, so that whoever has the one
        before carried out first is shown what comes of both. Raises as `topic_reader` and `look_up` do.
        """
        done, total = 0, sum(each.length for each in stretches)
        for stretch in stretches:
            async for fetched in reader.records([stretch], _of_part(progress, before=done, total=total)):
                for start in range(0, len(fetched), BATCH_SIZE):
                    records = [as_record(each) for each in fetched[start : start + BATCH_SIZE]]
                    yield await self._batch(records, selection, whole)
            done += stretch.length

    async def _batch(
        self, records: Sequence[Record], selection: Selection, whole: Sequence[Stretch]
    ) -> Sequence[Examined]:
        read = [(record, self._read(record)) for record in records]
        meant = [(record, case) for record, case in read if _is_meant(case, selection)]
        register = await self.look_up([case for _, case in meant if case is not None])
        return [
            self._examined(record, case, register, whole)
            if case is not None
            else Examined(record, None, None, Standing.DEAD_LETTER)
            for record, case in meant
        ]

    def _read(self, record: Record) -> Case | None:
        headers = [(name, value) for name, value in record.headers if value is not None]
        read = decode(record.value, headers, record.written_at)
        if not isinstance(read, Received):
            return None
        position = Position(record.topic, record.partition, record.offset)
        # The version is not known before the look-up; that it is to be judged again decides what is looked up.
        return prepare(
            read, self.sleutels, self.beleid, position=position, herbeoordeling=Herbeoordeling(1, self.feiten)
        )

    def _examined(self, record: Record, case: Case, register: Register, whole: Sequence[Stretch]) -> Examined:
        standing, found = self._judged(case, register, whole)
        received = case.received
        return Examined(record, received.source, received.contact.contact_id, standing, found)

    def _judged(self, case: Case, register: Register, whole: Sequence[Stretch]) -> tuple[Standing, Difference | None]:
        in_force = register.besluiten.get(case.key)
        standing = _standing(case, in_force, whole)
        if standing is not None or in_force is None:
            return standing or Standing.NOT_JUDGED, None
        asked = replace(case, herbeoordeling=Herbeoordeling(in_force.besluitversie, self.feiten))
        judgement = register.judge(asked, datetime.now(UTC))
        if not isinstance(judgement, Rejudged):
            return Standing.SAME, None
        return Standing.CHANGES, difference(in_force, judgement.besluit)


def _is_meant(case: Case | None, selection: Selection) -> bool:
    """Tell whether a record is meant; of what can't be read nobody can say, unless everything was."""
    if case is None:
        return not selection.source and not selection.contacts
    received = case.received
    return selection.fits(source=received.source, contact_id=received.contact.contact_id)


def _of_part(progress: Progress, *, before: int, total: int) -> Progress:
    """Show how far one part is as how far the whole is."""
    return lambda done, _of: progress(before + done, total)


def _standing(case: Case, in_force: Besluit | None, whole: Sequence[Stretch]) -> Standing | None:
    """Tell why a record is not judged again; None: it is."""
    revisie = case.received.contact.revisie
    if in_force is None or revisie > in_force.revisie:
        return Standing.NOT_JUDGED
    if revisie < in_force.revisie:
        return Standing.OVERTAKEN
    if case.digest != in_force.digest:
        return Standing.DEAD_LETTER
    first = in_force.position
    if first is None or first == case.position or not is_held(first, whole):
        return None
    return Standing.REPEAT


MAX_CARRIED: Final = 200_000
"""Changed contacts: half a GB, at 2.3 kB each with the partijen that they change. A week of a large municipality in
which every second contact comes out otherwise is less."""


@dataclass(slots=True)
class CarriedRegister:
    """Answers as MongoDB would if all that was judged here had been recorded.

    Only the changes are kept. What the services record meanwhile is seen, except about what was changed here.
    """

    stored: MongoRegister
    forgotten: int = 0
    """How many changed contacts no longer count for those after them, because there were more than MAX_CARRIED."""
    register: Register | None = field(default=None, init=False)
    """The changes, and what the last batch asked for besides."""

    async def look_up(self, batch: Sequence[Case]) -> Register:
        """Give what is known for a batch; judging it there adds to the changes. Raises as `MongoRegister.look_up`."""
        if self.register is not None:
            self.register.forget_unchanged()
            if len(self.register.besluiten) > MAX_CARRIED:
                self.forgotten += len(self.register.besluiten)
                self.register = None
        self.register = await self.stored.look_up(batch, self.register)
        return self.register
