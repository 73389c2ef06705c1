"""The partitions that this instance holds, from their assignment to their revocation.

What makes sure that nothing is handled twice or skipped, whatever the consumer group does:

- On assignment, a writer of its own takes each partition over, which shuts the former one out (`kafka_publisher`).
  Only then is the committed offset read, and sought. The listener does not wait for that: it would keep the
  heartbeat from starting.
- A batch can have been fetched before a rebalance and arrive after it, when its partition has come back with a new
  start. It is recognised by two signs, and dropped: it begins before the offset that comes next, or the consumer's
  position is no longer beyond its end, since taking over sought it back. (Offsets have gaps, so "begins at the next
  offset" is no sign.)
- On revocation nothing new is begun; what is in flight gets some time and is then cancelled; the writers are
  closed. All of that before the listener returns, since the group waits for it.

All of this happens in one event loop, and `Holding.active` is looked at, without a pause in between, before each
step.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.classifier.adapters.kafka_publisher import KafkaPublisher
from services.classifier.adapters.records import as_record
from services.classifier.handler import Handler
from services.runtime.backoff import pauses
from services.runtime.errors import PartitionLost

log = structlog.get_logger()

SLICES_AT_ONCE: Final = 4
"""Batches of different partitions handled side by side: while one waits for MongoDB or Kafka the others compute.
More bring nothing on one core, and each holds its contacts in memory."""

MAX_STALE_BATCHES: Final = 1
"""A batch from before a rebalance can arrive once after it. A second one means that the offsets of the topic have
gone back."""

ConsumerRecords = Sequence["ConsumerRecord[bytes, bytes]"]


@dataclass(eq=False, slots=True)
class Holding:
    """One assigned partition."""

    partition: TopicPartition
    publisher: KafkaPublisher
    active: bool = True
    """False from the revocation on."""
    next_offset: int = -1
    """The lowest offset that may be handled next; known once it is taken over."""
    stale_batches: int = 0
    taking_over: asyncio.Task[None] | None = None
    work: asyncio.Task[None] | None = None
    """What handles its present batch."""

    def tasks(self) -> Iterator[asyncio.Task[None]]:
        """Give what is going on for this partition."""
        yield from (task for task in (self.taking_over, self.work) if task is not None and not task.done())


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """What the partitions are handled with."""

    handler: Handler
    consumer: Callable[[], AIOKafkaConsumer]
    """Gives the consumer that listens."""
    make_publisher: Callable[[TopicPartition], KafkaPublisher]
    fail: Callable[[BaseException], None]
    """Takes what nobody can handle, and ends the process."""
    batch_size: int
    revocation_seconds: float
    """How long what is in flight may take when partitions are revoked."""


@dataclass(eq=False)
class KafkaPartitions(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Listens to the group, and handles what is fetched of the partitions that it holds."""

    means: Means
    assigned: bool = False
    """Whether the group has told us which partitions are ours, be it none."""
    _holdings: dict[TopicPartition, Holding] = field(default_factory=dict)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(SLICES_AT_ONCE)

    def is_idle(self) -> bool:
        """Say whether nothing is being handled."""
        return not any(True for holding in self._holdings.values() for _ in holding.tasks())

    # The group

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        """Finish or abandon everything. A group with an eager protocol revokes all there is."""
        self.assigned = False
        await self._failing(self._give_up(self.means.revocation_seconds))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin to take the partitions over."""
        await self._failing(self._take_over(assigned))

    async def stop(self, *, seconds: float) -> None:
        """Finish or abandon everything within that time, and take nothing more."""
        self._stopping = True
        await self._give_up(seconds)

    async def _failing(self, step: Awaitable[None]) -> None:
        """Do a step of the listener, of which aiokafka swallows the exceptions."""
        try:
            await step
        except Exception as error:  # noqa: BLE001 - it is handed on
            self.means.fail(error)

    async def _take_over(self, assigned: Iterable[TopicPartition]) -> None:
        if self._stopping:
            return
        assert not self._holdings, "everything is revoked before anything is assigned"
        for partition in sorted(assigned):
            holding = Holding(partition, self.means.make_publisher(partition))
            self._holdings[partition] = holding
            # What would be fetched before the position is sought is of no use.
            self.means.consumer().pause(partition)
            holding.taking_over = asyncio.create_task(self._failing(self._begin(holding)))
        self.assigned = True
        log.info("partitions.assigned", partitions=[partition.partition for partition in self._holdings])

    async def _begin(self, holding: Holding) -> None:
        committed = await holding.publisher.take_over()
        next_offset = await self._first_offset(holding.partition, committed)
        if holding.active:
            holding.next_offset = next_offset
            self.means.consumer().seek(holding.partition, next_offset)
            self.means.consumer().resume(holding.partition)
            log.debug("partition.taken_over", partition=holding.partition.partition, next_offset=next_offset)

    async def _first_offset(self, partition: TopicPartition, committed: int | None) -> int:
        """Give where to begin: at the committed offset, or where the topic begins when it no longer holds that one."""
        first, end = await self._bounds(partition)
        if committed is None:
            return first
        if first <= committed <= end:
            return committed
        # Retention took records that were never handled, or the topic was made anew under the same name.
        log.error(
            "records.missing", partition=partition.partition, committed=committed, first_offset=first, end_offset=end
        )
        return first

    async def _bounds(self, partition: TopicPartition) -> tuple[int, int]:
        for pause_seconds in pauses():
            try:
                first = await self.means.consumer().beginning_offsets([partition])
                end = await self.means.consumer().end_offsets([partition])
            except KafkaError as error:
                log.warning("offsets.unknown", partition=partition.partition, exc_info=error)
            else:
                return first[partition], end[partition]
            await asyncio.sleep(pause_seconds)
        raise AssertionError("pauses have no end")

    async def _give_up(self, seconds: float) -> None:
        holdings, self._holdings = list(self._holdings.values()), {}
        if not holdings:
            return
        for holding in holdings:
            holding.active = False
        in_flight = {holding.work for holding in holdings if holding.work is not None and not holding.work.done()}
        if in_flight:
            await asyncio.wait(in_flight, timeout=seconds)
        remaining = [task for holding in holdings for task in holding.tasks()]
        for task in remaining:
            task.cancel()
        if remaining:
            await asyncio.wait(remaining)
        await asyncio.gather(*(holding.publisher.close() for holding in holdings))
        log.info(
            "partitions.given_up", partitions=[each.partition.partition for each in holdings], abandoned=len(remaining)
        )

    # The records

    async def handle(self, records: ConsumerRecords) -> None:
        """Handle what was fetched, partition by partition side by side; returns when all of it is done or dropped.

        Raises what the handler raises, in an exception group.
        """
        async with asyncio.TaskGroup() as group:
            for partition, batch in _by_partition(records):
                holding = self._holdings.get(partition)
                if holding is None:
                    _tell_dropped(batch, reason="not assigned")
                else:
                    holding.work = group.create_task(self._handle_partition(holding, batch))

    async def _handle_partition(self, holding: Holding, records: ConsumerRecords) -> None:
        if holding.taking_over is not None:
            await holding.taking_over
        if await self._is_stale(holding, records):
            self._drop_stale(holding, records)
            return
        for begin, end in _slices(len(records), self.means.batch_size):
            async with self._slots:
                if not holding.active:
                    _tell_dropped(records[begin:], reason="revoked")
                    return
                await self._handle_slice(holding, records[begin:end])

    async def _handle_slice(self, holding: Holding, records: ConsumerRecords) -> None:
        try:
            await self.means.handler.handle([as_record(record) for record in records], holding.publisher)
        except PartitionLost:
            if holding.active:
                raise
            # The group has told us so meanwhile.
            _tell_dropped(records, reason="lost")
        else:
            holding.next_offset = records[-1].offset + 1

    async def _is_stale(self, holding: Holding, records: ConsumerRecords) -> bool:
        """Say whether a batch was fetched before its partition was taken over."""
        if records[0].offset < holding.next_offset:
            return True
        try:
            position = await self.means.consumer().position(holding.partition)
        except IllegalStateError:
            return True
        return not holding.active or bool(position <= records[-1].offset)

    def _drop_stale(self, holding: Holding, records: ConsumerRecords) -> None:
        _tell_dropped(records, reason="fetched before the partition was taken over")
        if not holding.active:
            return
        holding.stale_batches += 1
        if holding.stale_batches > MAX_STALE_BATCHES:
            raise PartitionLost(
                f"The offsets of partition {holding.partition.partition} have gone back below {holding.next_offset}, "
                "which is committed. A fresh start finds out where to go on."
            )
        self.means.consumer().seek(holding.partition, holding.next_offset)


def _by_partition(records: ConsumerRecords) -> Iterator[tuple[TopicPartition, ConsumerRecords]]:
    """Split a fetch, in which the records of one partition lie together."""
    for (topic, partition), batch in groupby(records, key=attrgetter("topic", "partition")):
        yield TopicPartition(topic, partition), list(batch)


def _slices(number: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut into as few slices as the size allows, all about as long: a short rest would cost as much as a full one."""
    slices = -(-number // size)
    return pairwise(number * each // slices for each in range(slices + 1))


def _tell_dropped(records: ConsumerRecords, *, reason: str) -> None:
    """Log a batch that is left to be fetched again, here or elsewhere."""
    log.info(
        "batch.dropped",
        reason=reason,
        partition=records[0].partition,
        first_offset=records[0].offset,
        last_offset=records[-1].offset,
    )
