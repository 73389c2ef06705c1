"""From the topics into a register, with the projector's own reading and merging, and how far that has come.

What the topics no longer hold, from the live documents: merged into what the topics still gave.

Documents are merged as events are, so it does not matter that they go on changing: what is seen of one was true at some
time since the beginning, and whatever moved it on is in the topics. What the topics hold was taken in first and stays
where both know the same, so that what somebody damaged is mended as far back as the topics go.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from aiokafka import ConsumerRecord, TopicPartition
from pymongo.asynchronous.database import AsyncDatabase

from services.operations.rebuild.collections import batches
from services.operations.rebuild.record import RebuildStopped, patiently
from services.operations.topic_reader import Progress, Records, Stretch, TopicReader, next_offsets
from services.projector.errors import NotProjectable
from services.projector.events import read
from services.projector.merging.documents import Document
from services.projector.merging.projection import States
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoRegister
from services.projector.mongo.stored import told_by
from services.projector.mongo.writes import Collection
from services.runtime.kafka.clients import admin_client
from services.runtime.settings import Settings


class Feed:
    """Reads the topics of the projector from where it was up to their present end."""

    def __init__(self, reader: TopicReader, settings: Settings, positions: Mapping[TopicPartition, int]) -> None:
        self._reader = reader
        self._settings = settings
        self._topics = (settings.registered_topic, settings.confidential_topic, settings.taak_topic)
        self.positions = dict(positions)
        """The next offset of each partition."""
        self.seen: dict[TopicPartition, int] = {}
        """The same, without markers of transactions at the end: a group that has come this far has seen as much."""
        self.trimmed: list[Stretch] = []
        """The partitions that no longer had their beginning when they were read from it."""

    async def take_in(self, register: MongoRegister, show: Progress) -> int:
        """Bring a register up to the present end, and give how many events there were.

        Raises RebuildStopped for an event that can't be projected, TransientFailure when Kafka or MongoDB is away.
        """
        whole = await self._reader.whole(*self._topics)
        self.trimmed += [each for each in whole if each.first > 0 and _partition(each) not in self.positions]
        stretches = [replace(each, begin=self.positions.get(_partition(each), each.first)) for each in whole]
        taken = 0
        async for records in self._reader.records(stretches, show):
            for batch in _cut(records, self._settings.batch_size):
                await _apply(register, batch)
            taken += len(records)
            self.seen[_partition(records[-1])] = records[-1].offset + 1
        self.positions |= {_partition(each): each.end for each in stretches}
        return taken

    async def behind(self) -> int:
        """Tell how much of what was taken in the projector's group has still to do. Raises as `next_offsets` does."""
        async with admin_client(self._settings) as admin:
            done = await next_offsets(admin, self._settings, self._settings.projector_group)
        return sum(max(0, seen - done.get(each, 0)) for each, seen in self.seen.items())


async def _apply(register: MongoRegister, records: Records) -> None:
    """Apply a batch, or find the one record in it that can't be."""
    try:
        await _apply_all(register, records)
    except NotProjectable:
        for record in records:
            try:
                await _apply_all(register, [record])
            except NotProjectable as refusal:
                raise RebuildStopped(
                    f"The record at {record.topic}, partition {record.partition}, offset {record.offset} can't be "
                    f"projected: {refusal}. The projector stops there too; it takes a release that can."
                ) from None


async def _apply_all(register: MongoRegister, records: Records) -> None:
    facts = [read(record.value).data for record in records]
    await patiently(lambda: register.apply(facts))


def _cut(records: Records, size: int) -> Iterator[Records]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _partition(place: "Stretch | ConsumerRecord[bytes, bytes]") -> TopicPartition:
    return TopicPartition(place.topic, place.partition)


IN_THIS_ORDER = (Collection.VERVALLEN, Collection.KLANTCONTACTEN, Collection.PARTIJEN, Collection.INTERNE_TAKEN)
"""What is gone first: what comes back meanwhile is then seen in both, and what goes is gone by an event."""

READING_FAILURES = (KeyError, TypeError, ValueError)


async def absorb(database: AsyncDatabase[Document], register: MongoRegister, show: Progress) -> int:
    """Merge every live document into a register, and give how many there were.

    Raises RebuildStopped for one that is not as the projector writes them.
    """
    total = sum([await database[each].estimated_document_count() for each in Collection])
    done = 0
    for collection in IN_THIS_ORDER:
        async for documents in batches(database[Generation.LIVE.name_of(collection)]):
            await _absorb(register, collection, documents)
            done += len(documents)
            show(done, max(done, total))
    return done


async def _absorb(register: MongoRegister, collection: Collection, documents: Sequence[Document]) -> None:
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
    """Tell what is wrong without a value of the document, which the text of an error may hold."""
    if isinstance(refusal, NotProjectable):
        return str(refusal)
    return f"no {refusal}" if isinstance(refusal, KeyError) else type(refusal).__name__


async def _merge(register: MongoRegister, collection: Collection, documents: Sequence[Document]) -> None:
    states: States = told_by(collection, documents)
    await patiently(lambda: register.absorb(states))
