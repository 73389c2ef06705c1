"""The sources of a rebuild: the topics, read and merged as the projector does, and the live documents.

The live documents stand for events that the topics no longer hold, and merge as events do. So they may go on changing:
a document as it was read was true at some time since the rebuild began, and later events are in the topics. The topics
are taken in first and win where both know the same. So damage is mended as far back as the topics go.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition
from pymongo.asynchronous.database import AsyncDatabase

from services.operations.rebuild.collections import batches
from services.operations.rebuild.record import RebuildStopped, patiently
from services.operations.topic_reader import Progress, Records, Stretch, TopicReader, next_offsets
from services.projector.batch import MAX_BATCH_BYTES
from services.projector.errors import Foreign, NotProjectable
from services.projector.events import Fact, read
from services.projector.merging.projection import States
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.stored import told_by
from services.projector.mongo.writes import WITH_FIELDS_OF_OTHERS, Collection
from services.runtime.errors import TransientFailure
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.records import light_parts
from services.runtime.kafka.topics import MARKER_KEY
from services.runtime.mongo.client import Document
from services.runtime.observe.failures import where
from services.runtime.settings import Settings

SKIPPED: Final = "skipped"
"""The reason of an event of ours that is passed over, as the projector did at an operator's word or by itself."""

SkippedPositions = frozenset[tuple[str, int, int]]


class Feed:
    """Reads the projector's topics, each time from where it stopped up to their present end."""

    def __init__(
        self,
        reader: TopicReader,
        settings: Settings,
        positions: Mapping[TopicPartition, int],
        skipped: SkippedPositions,
    ) -> None:
        """`skipped`: topic, partition and offset of the events that the projector skipped."""
        self._reader = reader
        self._skipped = skipped
        self._settings = settings
        self._own_sources = settings.own_sources
        self._topics = settings.output_topics
        self.positions = dict(positions)
        """The next offset of each partition."""
        self.seen: dict[TopicPartition, int] = {}
        """The same, without markers of transactions at the end: a group at these offsets has read as much."""
        self.trimmed: list[Stretch] = []
        """The partitions that had lost their beginning when they were read."""
        self.passed_over: Counter[str] = Counter()
        """The records that are not ours, by reason (`ForeignReason`), and events that were skipped. The projector
        passes over them as well."""
        self.projected_now: set[tuple[str, int, int]] = set()
        """The skipped events that this release could project after all."""

    async def take_in(self, register: MongoProjection, show: Progress) -> int:
        """Bring a register up to the present end, and return how many events that took.

        Raises RebuildStopped for an event of ours that can't be projected, TransientFailure when Kafka or MongoDB is
        away.
        """
        whole = await self._reader.whole(*self._topics)
        self.trimmed += [each for each in whole if each.first > 0 and _partition(each) not in self.positions]
        stretches = [replace(each, begin=self.positions.get(_partition(each), each.first)) for each in whole]
        taken = 0
        async for records in self._reader.records(stretches, show):
            for batch in _cut(records, self._settings.projector_batch_size):
                taken += await self._apply(register, batch)
            self.seen[_partition(records[-1])] = records[-1].offset + 1
        self.positions |= {_partition(each): each.end for each in stretches}
        return taken

    async def _apply(self, register: MongoProjection, records: Records) -> int:
        """Apply the events of a batch, and return how many there were.

        Raises RebuildStopped, which names the first event of ours that can't be projected.
        """
        try:
            return await self._apply_all(register, records)
        except TransientFailure:
            raise
        except Exception:  # noqa: BLE001 - what the projector stops at; found out one by one
            return sum([await self._apply_one(register, record) for record in records])

    async def _apply_one(self, register: MongoProjection, record: "ConsumerRecord[bytes, bytes]") -> int:
        try:
            return await self._apply_all(register, [record])
        except TransientFailure:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if (record.topic, record.partition, record.offset) in self._skipped:
                self.passed_over[SKIPPED] += 1
                return 0
            reason = str(error) if isinstance(error, NotProjectable) else where(error)
            raise RebuildStopped(
                f"The event at {record.topic}, partition {record.partition}, offset {record.offset} can't be "
                f"projected: {reason}. The projector stops that partition there too. Both need a release that can "
                "project it, or `klantcontact skip` once the projector has stopped there."
            ) from None

    async def _apply_all(self, register: MongoProjection, records: Records) -> int:
        facts, passed_over = self._read(records)
        if facts:
            await patiently(lambda: register.apply(facts))
        self.passed_over += passed_over
        self.projected_now |= self._skipped.intersection((each.topic, each.partition, each.offset) for each in records)
        return len(facts)

    def _read(self, records: Records) -> tuple[list[Fact], Counter[str]]:
        """Return the events of a batch, and how many records are not ours, by reason."""
        facts: list[Fact] = []
        passed_over: Counter[str] = Counter()
        for record in records:
            if record.value is None and record.key == MARKER_KEY:
                continue
            try:
                facts.append(read(record.value, self._own_sources).fact)
            except Foreign as foreign:
                passed_over[foreign.reason.value] += 1
        return facts, passed_over

    async def behind(self) -> int:
        """Return how many of the records taken in the projector's group has yet to read. Raises as `next_offsets`."""
        async with admin_client(self._settings) as admin:
            done = await next_offsets(admin, self._settings, self._settings.projector_group)
        return sum(max(0, seen - done.get(each, 0)) for each, seen in self.seen.items())


def _cut(records: Records, size: int) -> Iterator[Records]:
    for start in range(0, len(records), size):
        yield from light_parts(records[start : start + size], MAX_BATCH_BYTES)


def _partition(place: "Stretch | ConsumerRecord[bytes, bytes]") -> TopicPartition:
    return TopicPartition(place.topic, place.partition)


IN_THIS_ORDER = (Collection.VERVALLEN, *WITH_FIELDS_OF_OTHERS)
"""VERVALLEN first. A document that comes back meanwhile is then read in both; one that goes, or moves to or from the
confidential collection, does so by an event."""

READING_FAILURES = (KeyError, TypeError, ValueError)


async def absorb(database: AsyncDatabase[Document], register: MongoProjection, show: Progress) -> int:
    """Merge every live document into a register, and return how many there were.

    Raises RebuildStopped for a document that is not as the projector writes them.
    """
    total = sum([await database[each].estimated_document_count() for each in Collection])
    done = 0
    for collection in IN_THIS_ORDER:
        async for documents in batches(database[Generation.LIVE.name_of(collection)]):
            await _absorb(register, collection, documents)
            done += len(documents)
            show(done, max(done, total))
    return done


async def _absorb(register: MongoProjection, collection: Collection, documents: Sequence[Document]) -> None:
    try:
        await _merge(register, collection, documents)
    except (*READING_FAILURES, NotProjectable):
        for each in documents:
            try:
                await _merge(register, collection, [each])
            except (*READING_FAILURES, NotProjectable) as refusal:
                raise RebuildStopped(
                    f"The document {each['_id']} of {collection} is not as the projector writes them "
                    f"({_reason(refusal)}), and "
                    "the topics no longer hold their beginning. Correct it, or delete it, and start again."
                ) from None


def _reason(refusal: Exception) -> str:
    """Return the fault in words, without a value of the document, which the text of an error may hold."""
    if isinstance(refusal, NotProjectable):
        return str(refusal)
    return f"no {refusal}" if isinstance(refusal, KeyError) else type(refusal).__name__


async def _merge(register: MongoProjection, collection: Collection, documents: Sequence[Document]) -> None:
    states: States = told_by(collection, documents)
    await patiently(lambda: register.absorb(states))
