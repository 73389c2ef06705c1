"""Reading topics as they are, for operators: committed records, in no group, so that nobody's offsets move.

How far a consumer group has come, seen from outside it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from schemas.positions import Position
from services.runtime.kafka.clients import (
    Isolation,
    admin_client,
    range_consumer,
    require_topics,
)
from services.runtime.kafka.errors import kafka_is_away, translate_kafka_errors, unreached
from services.runtime.kafka.open_transactions import OpenTransaction, open_transactions
from services.runtime.kafka.records import oversized_batch
from services.runtime.settings import PREFIX, Settings
from services.runtime.waiting import pauses_within

Records = Sequence["ConsumerRecord[bytes, bytes]"]

Progress = Callable[[int, int | None], None]
"""Takes the number of records read, and the number of all when that is known."""


def unseen(_done: int, _of: int | None) -> None:
    """Show no progress."""


STALL_SECONDS: Final = 30.0
"""How long a broker may return nothing while there is more. One that restarts is back in half of that."""

POLL_MILLISECONDS: Final = 500

MAX_RECORDS: Final = 2_000
"""Of one fetch: usually some MB."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one partition to read: from offset `begin` up to and without `end`."""

    topic: str
    partition: int
    first: int
    """The first offset that the topic still holds. Retention removed the records before it."""
    begin: int
    end: int

    @property
    def place(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)

    @property
    def length(self) -> int:
        """The number of records at most; markers of transactions count too."""
        return max(0, self.end - self.begin)


class TopicReader:
    """Finds offsets, and reads the records between them."""

    def __init__(self, consumer: AIOKafkaConsumer, settings: Settings) -> None:
        self._consumer = consumer
        self._settings = settings

    async def whole(self, *topics: str) -> list[Stretch]:
        """Return all that topics hold now. Raises InvalidSettings for one that does not exist."""
        await require_topics(self._settings, *topics)
        with self._translated():
            partitions = await self._partitions_of(topics)
            first = await self._consumer.beginning_offsets(partitions)
            end = await self._consumer.end_offsets(partitions)
        return [
            Stretch(each.topic, each.partition, first=first[each], begin=first[each], end=end[each])
            for each in partitions
        ]

    async def between(
        self, whole: Sequence[Stretch], *, since: datetime | None, until: datetime | None
    ) -> list[Stretch]:
        """Return the part of topics that was written from `since` on and before `until`; None does not narrow."""
        begins = await self._offsets_at(whole, since) if since else {}
        ends = await self._offsets_at(whole, until) if until else {}
        return [
            Stretch(
                each.topic,
                each.partition,
                first=each.first,
                begin=(begins.get(each.place, each.end) if since else each.begin),
                end=ends.get(each.place, each.end),
            )
            for each in whole
        ]

    async def at(self, position: Position) -> "ConsumerRecord[bytes, bytes] | None":
        """Return the record at a position, or the one that stands there for a batch that is too large to unpack.

        None when no record lies there, or none that is committed. Raises as `records` does.
        """
        here = [
            replace(each, begin=position.offset, end=position.offset + 1)
            for each in await self.whole(position.topic)
            if each.partition == position.partition and each.begin <= position.offset < each.end
        ]
        found = [record async for batch in self.records(here, oversized=True) for record in batch]
        return found[0] if found else None

    async def records(
        self,
        stretches: Sequence[Stretch],
        progress: Progress = unseen,
        *,
        oversized: bool = False,
    ) -> AsyncIterator[Records]:
        """Return the records of these stretches in batches, those of one partition in order.

        A batch that is too large to unpack is passed over, and stderr says which; `oversized` returns the record that
        stands for it. Raises TransientFailure when Kafka stops answering, and when a topic loses records that were
        still to be read.
        """
        left = {each.place: each for each in stretches if each.length}
        total = sum(each.length for each in left.values())
        progress(0, total)
        if not left:
            # aiokafka's consumer loses the call to stop when that follows at once on another assignment, and hangs.
            return
        with self._translated():
            self._consumer.assign(list(left))
            for partition, stretch in left.items():
                self._consumer.seek(partition, stretch.begin)
        while left:
            for batch in await self._fetch(left, oversized=oversized):
                yield batch
            with self._translated():
                positions = {each: await self._consumer.position(each) for each in left}
            for partition, position in positions.items():
                if position >= left[partition].end:
                    left.pop(partition)
                    self._consumer.pause(partition)
            unread = sum(max(0, stretch.end - positions[partition]) for partition, stretch in left.items())
            progress(total - unread, total)

    async def open_transactions(self, whole: Sequence[Stretch]) -> list[OpenTransaction]:
        """Return the transactions behind which records of these partitions wait. Raises as `records` does."""
        with self._translated():
            return await open_transactions(self._settings, [each.place for each in whole])

    async def records_to_the_end(
        self, whole: Sequence[Stretch], transactions: Sequence[OpenTransaction], progress: Progress
    ) -> AsyncIterator[Records]:
        """Return the records of these stretches, and those that wait behind these transactions.

        Any of the latter may yet be aborted. Raises as `records` does.
        """
        async for batch in self.records(whole, progress):
            yield batch
        behind = [
            Stretch(each.topic, each.partition, first=each.first_offset, begin=each.first_offset, end=each.end)
            for each in transactions
        ]
        if behind:
            async with topic_reader(self._settings, isolation_level="read_uncommitted") as uncommitted:
                async for batch in uncommitted.records(behind):
                    yield batch

    async def _fetch(self, left: dict[TopicPartition, Stretch], *, oversized: bool) -> list[Records]:
        """Return the next records of what is left; none when there were only markers."""
        before = {each: await self._consumer.position(each) for each in left}
        with self._translated():
            async with asyncio.timeout(STALL_SECONDS):
                while True:
                    fetched = await self._consumer.getmany(*left, timeout_ms=POLL_MILLISECONDS, max_records=MAX_RECORDS)
                    moved = [each for each in left if await self._consumer.position(each) > before[each]]
                    if fetched or moved:
                        break
        cut = [
            [each for each in batch if _is_wanted(each, left[place], oversized=oversized)]
            for place, batch in fetched.items()
        ]
        return [batch for batch in cut if batch]

    def _translated(self) -> AbstractContextManager[None]:
        return translate_kafka_errors(self._settings, right="read and describe the topics")

    async def _partitions_of(self, topics: Sequence[str]) -> list[TopicPartition]:
        async with admin_client(self._settings) as admin:
            described = await admin.describe_topics(list(topics))
        return [
            TopicPartition(each["topic"], number)
            for each in described
            for number in sorted(part["partition"] for part in each["partitions"])
        ]

    async def _offsets_at(self, whole: Sequence[Stretch], moment: datetime) -> dict[TopicPartition, int]:
        """Return for each partition the offset of the first record written at or after a moment, if there is one."""
        milliseconds = int(moment.timestamp() * 1000)
        with self._translated():
            found = await self._consumer.offsets_for_times({each.place: milliseconds for each in whole})
        return {place: each.offset for place, each in found.items() if each is not None}


def _is_wanted(record: "ConsumerRecord[bytes, bytes]", stretch: Stretch, *, oversized: bool) -> bool:
    # A batch's stand-in lies at its last offset.
    if oversized and oversized_batch(record) is not None:
        return True
    return record.offset < stretch.end and not _is_passed_over(record)


def _is_passed_over(record: "ConsumerRecord[bytes, bytes]") -> bool:
    """Whether a record stands for a batch that is too large to unpack. The operator is told of it."""
    if (batch := oversized_batch(record)) is None:
        return False
    sys.stderr.write(
        f"Passed over in {record.topic}, partition {record.partition}: offsets {batch.first_offset} to "
        f"{batch.last_offset}, one batch that unpacks to more than {PREFIX}MAX_UNPACKED_BYTES.\n"
    )
    return True


@asynccontextmanager
async def topic_reader(
    settings: Settings, *, isolation_level: Isolation = "read_committed"
) -> AsyncIterator[TopicReader]:
    """A reader for the block. Raises TransientFailure when Kafka does not answer."""
    consumer = range_consumer(settings, isolation_level=isolation_level)
    try:
        try:
            await consumer.start()
        except KafkaError as error:
            raise await unreached(settings) from error
        yield TopicReader(consumer, settings)
    finally:
        await consumer.stop()


COORDINATOR_SECONDS: Final = 10.0
"""Patience with a broker that has just started. It looks for the coordinator of a group when it is asked."""

NOT_YET: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)


async def next_offsets(admin: AIOKafkaAdminClient, settings: Settings, group: str) -> dict[TopicPartition, int]:
    """Return for each partition the offset at which a group continues; one that it never committed is left out.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when it does not let this user ask.
    """
    with translate_kafka_errors(settings, right=f"see the group {group}"):
        for pause_seconds in pauses_within(COORDINATOR_SECONDS):
            try:
                committed = await admin.list_consumer_group_offsets(group)
            except NOT_YET:
                await asyncio.sleep(pause_seconds)
            else:
                return {place: each.offset for place, each in committed.items() if each.offset >= 0}
    raise kafka_is_away(settings)


def still_to_read(whole: Sequence[Stretch], positions: dict[TopicPartition, int]) -> list[Stretch]:
    """Return the stretches that a group at these offsets has not read yet."""
    return [replace(each, begin=max(each.begin, positions.get(each.place, 0))) for each in whole]


async def count_to_read(reader: TopicReader, stretches: Sequence[Stretch]) -> int:
    """Return how many records are still to be read, at most: 0 when only markers of transactions are left."""
    async for _ in reader.records(stretches):
        return sum(each.length for each in stretches)
    return 0
