"""One assigned partition, from its assignment to its revocation.

Nothing is handled twice or skipped, for these reasons:

- A writer of its own takes the partition over, which fences the former one (`publisher`). Only then is the committed
  offset read, and sought. Until then nothing is fetched.
- A batch that was fetched before a rebalance can arrive after it, when its partition has come back with a new start.
  Two signs tell such a stale batch, and it is dropped. It begins before the next offset, or the consumer's position is
  no longer beyond its end, since taking over sought it back. (Offsets have gaps, so "begins at the next offset" is no
  sign.)
- A writer that is fenced while the group still counts the partition as ours waits for the group's verdict. An instance
  that slept has lost its place and hears so with the next heartbeat; one that has not takes the partition back.

All of this happens in one event loop. Each step looks at `_active` first, with no await in between.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.classifier.handler import Handler
from services.classifier.kafka.publisher import KafkaPublisher
from services.runtime.errors import PartitionLost
from services.runtime.kafka.assignment import Backlog, Batch
from services.runtime.kafka.errors import missing_right
from services.runtime.kafka.patches import tell_missing
from services.runtime.kafka.records import as_record, light_parts
from services.runtime.observe.failures import type_name
from services.runtime.observe.health import Health, Part
from services.runtime.stops.stop import PartitionStopped, Stop
from services.runtime.stops.stops import Stops
from services.runtime.waiting import pauses

log = structlog.get_logger()

MAX_STALE_BATCHES: Final = 1
"""A batch from before a rebalance can arrive once after it. A second one means that the offsets of the topic have gone
back."""

BOUNDS_SECONDS: Final = 3.0
"""Patience with the question where a partition begins and ends, which takes a millisecond. aiokafka would wait forty
seconds for a partition without a leader, and readiness has to report it within ten, starting the writer included."""

MAX_LOSSES: Final = 3
"""In a row. An instance that keeps taking a partition that the group gives to us is no member of the group: a second
deployment under other names, or a writer with our id. A person has to look at that."""

REVOCATION_SHARE: Final = 0.5
"""Of the session: how long batches in flight may take when partitions are revoked. The group waits for us as long as a
session lasts, and then goes on without us; closing the writers has to fit in as well."""

ABANDON_SHARE: Final = 0.2
"""Of the session: how long it may take to cancel what was not finished in that time."""

VERDICT_SHARE: Final = 0.5
"""Of the session: how long after a loss we have certainly heard whether we are still a member. There are three
heartbeats a session."""

MAX_SLICE_BYTES: Final = 1024 * 1024
"""Of the contacts of one slice. A contact usually causes up to fifty times its own size, which is in memory until it
is published. 500 contacts of 2 kB are still one slice; of the largest that may be sent, 16 are."""

CANCELLATIONS: Final = 10
"""How often a batch is cancelled before it is left alone. It is fenced, so it can't publish any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """Everything that a partition needs to handle its batches."""

    handler: Handler
    consumer: Callable[[], AIOKafkaConsumer]
    """The consumer that is in the group."""
    make_publisher: Callable[[TopicPartition], KafkaPublisher]
    health: Health
    make_stops: Callable[[], Stops]
    """Makes the stops of one assignment."""
    fail: Callable[[BaseException], None]
    """Ends the process with a failure that nobody can handle."""
    batch_size: int
    session_seconds: float
    """How long the group waits for a member that is silent."""


class Partition:
    """Handles the batches of one partition."""

    def __init__(
        self, place: TopicPartition, means: Means, slots: asyncio.Semaphore, backlog: Backlog, stops: Stops
    ) -> None:
        """Begin to take the partition over. `slots` bounds the slices in flight over all partitions; `backlog` is told
        which records are handled, and `stops` where the partition stops.
        """
        self.place = place
        self.work: asyncio.Task[None] | None = None
        """The task that handles its present batch, when there is one."""
        self._means = means
        self._slots = slots
        self._backlog = backlog
        self._stops = stops
        self._publisher = means.make_publisher(place)
        self._reporter = f"offsets of {_name(place)}"
        self._active = True
        self._next_offset = -1
        self._stale_batches = 0
        self._losses = 0
        self._taking_over = self._begin()

    @property
    def is_taken_over(self) -> bool:
        """Whether it handles batches."""
        return self._active and self._taking_over.done()

    async def handle(self, records: Batch) -> None:
        """Handle a batch in slices, or drop it when it is stale. Raises what the handler raises."""
        await self._taking_over
        if self.place in self._stops.partitions:
            log_dropped(records, reason="stopped")
            return
        if await self._is_stale(records):
            self._drop_stale(records)
            return
        begin = 0
        for part in _slices(records, self._means.batch_size):
            async with self._slots:
                if not self._active:
                    log_dropped(records[begin:], reason="revoked")
                    return
                try:
                    await self._handle_slice(part)
                except PartitionLost as lost:
                    log_dropped(records[begin:], reason="lost")
                    self._await_verdict(lost)
                    return
                except PartitionStopped as stopped:
                    log_dropped(records[begin:], reason="stopped")
                    self._stop_at(stopped.stop)
                    return
            begin += len(part)

    async def give_up(self, seconds: float) -> bool:
        """Finish the batch in flight, or abandon it as a whole after that time. Return whether it was finished."""
        self._active = False
        await self._abandon(self._taking_over)
        finished = True
        if self.work is not None and not self.work.done():
            await asyncio.wait({self.work}, timeout=seconds)
            finished = self.work.done()
            await self._abandon(self.work)
        self._means.health.leave(Part.KAFKA, by=self._reporter)
        await self._publisher.release()
        return finished

    async def _abandon(self, work: asyncio.Task[None]) -> None:
        """Cancel a task, more than once if need be: `asyncio.wait_for`, which the database client uses, loses a
        cancellation that comes when what it waits for is just done (Python 3.11, gh-86296).
        """
        for _ in range(CANCELLATIONS):
            if work.done():
                return
            work.cancel()
            await asyncio.wait({work}, timeout=self._means.session_seconds * ABANDON_SHARE / CANCELLATIONS)
        if not work.done():
            log.error("batch.not_abandoned", **self.place._asdict())

    # Taking over

    def _begin(self, *, after_seconds: float = 0.0) -> asyncio.Task[None]:
        self._means.consumer().pause(self.place)  # records fetched before the position is sought would be dropped
        task = asyncio.create_task(self._take_over(after_seconds))
        task.add_done_callback(self._hand_on_failure)
        return task

    async def _take_over(self, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        committed = await self._publisher.take_over()
        self._next_offset = await self._first_offset(committed)
        if not self._active:
            return  # the cancellation was lost, and the position belongs to the next holder
        self._stale_batches = 0
        self._backlog.handled(self.place, self._next_offset)
        self._means.consumer().seek(self.place, self._next_offset)
        self._means.consumer().resume(self.place)
        log.debug("partition.taken_over", **self.place._asdict(), next_offset=self._next_offset)

    def _report(self, trouble: str | None) -> None:
        self._means.health.set(Part.KAFKA, trouble, by=self._reporter)

    def _hand_on_failure(self, taking_over: asyncio.Task[None]) -> None:
        if not taking_over.cancelled() and (error := taking_over.exception()) is not None:
            self._means.fail(error)

    async def _first_offset(self, committed: int | None) -> int:
        """Return the committed offset, or the first of the partition when it no longer holds that one."""
        first, end = await self._bounds()
        if committed is None:
            return first
        if first <= committed <= end:
            return committed
        tell_missing(self.place, next_offset=committed, first_offset=first)
        return first

    async def _bounds(self) -> tuple[int, int]:
        for pause_seconds in pauses():
            try:
                async with asyncio.timeout(BOUNDS_SECONDS):
                    first = await self._means.consumer().beginning_offsets([self.place])
                    end = await self._means.consumer().end_offsets([self.place])
            except (KafkaError, TimeoutError) as error:
                silent = f"Kafka does not say where {_name(self.place)} begins and ends ({type_name(error)})"
                self._report(str(missing_right(error) or silent))
                log.warning("offsets.unknown", **self.place._asdict(), exc_info=error)
            else:
                self._report(None)
                return first[self.place], end[self.place]
            await asyncio.sleep(pause_seconds)
        raise AssertionError("pauses have no end")

    # Handling

    async def _handle_slice(self, records: Batch) -> None:
        await self._means.handler.handle([as_record(record) for record in records], self._publisher)
        self._next_offset = records[-1].offset + 1
        self._backlog.handled(self.place, self._next_offset)
        self._losses = 0

    def _stop_at(self, stop: Stop) -> None:
        if not self._active or not self._stops.add(stop):
            return
        self._next_offset = stop.offset
        self._means.consumer().pause(self.place)

    def go_on(self) -> None:
        """Try again the record at which the partition stopped. Only between polls: nothing of it is in flight then."""
        if self._active:
            self._means.consumer().seek(self.place, self._next_offset)
            self._means.consumer().resume(self.place)

    def _await_verdict(self, lost: PartitionLost) -> None:
        if not self._active:
            return
        self._losses += 1
        if self._losses > MAX_LOSSES:
            raise lost
        log.warning("partition.lost", **self.place._asdict(), losses=self._losses)
        self._taking_over = self._begin(after_seconds=self._means.session_seconds * VERDICT_SHARE)

    async def _is_stale(self, records: Batch) -> bool:
        """Whether a batch was fetched before its partition was taken over."""
        if records[0].offset < self._next_offset:
            return True
        try:
            position = await self._means.consumer().position(self.place)
        except IllegalStateError:
            return True
        return not self._active or bool(position <= records[-1].offset)

    def _drop_stale(self, records: Batch) -> None:
        log_dropped(records, reason="fetched before the partition was taken over")
        self._backlog.handled(self.place, self._next_offset)
        if not self._active:
            return
        self._stale_batches += 1
        if self._stale_batches > MAX_STALE_BATCHES:
            raise PartitionLost(
                f"The offsets of {_name(self.place)} have gone back below {self._next_offset}, which is committed. "
                "A fresh start finds out where to go on."
            )
        self._means.consumer().seek(self.place, self._next_offset)


def _name(partition: TopicPartition) -> str:
    return f"partition {partition.partition} of {partition.topic}"


def _slices(records: Batch, size: int) -> Iterator[Batch]:
    """Cut a batch into as few slices as the size allows, all about as long: a short rest costs as much as a full slice.
    A slice that is too heavy is cut again.
    """
    slices = -(-len(records) // size)
    for begin, end in pairwise(len(records) * each // slices for each in range(slices + 1)):
        yield from light_parts(records[begin:end], MAX_SLICE_BYTES)


def log_dropped(records: Batch, *, reason: str) -> None:
    """Log a batch that will be fetched again, here or elsewhere."""
    log.info(
        "batch.dropped",
        reason=reason,
        topic=records[0].topic,
        partition=records[0].partition,
        first_offset=records[0].offset,
        last_offset=records[-1].offset,
    )
