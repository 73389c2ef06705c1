"""One assigned partition, from its assignment to its revocation.

Nothing is handled twice or skipped, for these reasons:

- A writer of its own takes the partition over, which fences the former one (`publisher`). Only then is the committed
  offset read, and sought. Until then nothing is fetched.
- Records that were fetched before a rebalance can arrive after it, when their partition has come back with a new
  start. Two signs tell such stale records, and they are dropped. They begin before the next offset, or the consumer's
  position is no longer beyond their end, since taking over sought it back. (Offsets have gaps, so "begins at the next
  offset" is no sign.)
- Records that are fetched wait here until those before them are done. When the partition is lost, stops or is given up,
  it drops all that wait, and they are fetched again. When handling fails, nothing more is taken: the process ends.
- A writer that is fenced while the group still counts the partition as ours waits for the group's verdict. An instance
  that slept has lost its place and hears so with the next heartbeat; one that has not takes the partition back.

All of this happens in one event loop. Each step looks at `_active` first, with no await in between.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError

from services.runtime.errors import PartitionLost
from services.runtime.exactly_once.beginning import first_offset, name_of
from services.runtime.exactly_once.ports import BatchHandler
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.exactly_once.slices import MIN_SLICE_BYTES, Room, log_dropped
from services.runtime.kafka.assignment import Backlog, Batch
from services.runtime.kafka.records import as_record
from services.runtime.observe.health import Health, Part
from services.runtime.stops.stop import PartitionStopped, Stop
from services.runtime.stops.stops import Stops

log = structlog.get_logger()

MAX_STALE_BATCHES: Final = 1
"""A batch from before a rebalance can arrive once after it. A second one means that the offsets of the topic have gone
back."""

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

GATHER_SECONDS: Final = 0.06
"""Between the beginnings of two small slices of a partition: each costs some ten round trips whatever is in it. The
first one after a pause does not wait."""

CANCELLATIONS: Final = 10
"""How often a batch is cancelled before it is left alone. It is fenced, so it can't publish any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """Everything that a partition needs to handle its batches."""

    handler: BatchHandler
    consumer: Callable[[], AIOKafkaConsumer]
    """The consumer that is in the group."""
    make_publisher: Callable[[TopicPartition], KafkaPublisher]
    health: Health
    make_stops: Callable[[], Stops]
    """Makes the stops of one assignment."""
    fail: Callable[[BaseException], None]
    """Ends the process with a failure that nobody can handle."""
    session_seconds: float
    """How long the group waits for a member that is silent."""


class Partition:
    """Handles the batches of one partition."""

    def __init__(self, place: TopicPartition, means: Means, room: Room, backlog: Backlog, stops: Stops) -> None:
        """Begin to take the partition over. `room` bounds the slices in flight over all partitions; `backlog` is told
        which records are handled, and `stops` where the partition stops.
        """
        self.place = place
        self.work: asyncio.Task[None] | None = None
        """The task that handles what was fetched, while there is any."""
        self._means = means
        self._room = room
        self._backlog = backlog
        self._stops = stops
        self._publisher = means.make_publisher(place)
        self._reporter = f"offsets of {name_of(place)}"
        self._active = True
        self._next_offset = -1
        self._stale_batches = 0
        self._losses = 0
        self.fetched_bytes = 0
        """The weight of its records that were fetched and are not handled yet, as `Room` counts."""
        self._waiting: list[ConsumerRecord[bytes, bytes]] = []
        self._slice: Batch = ()
        self._slice_began_at = 0.0
        self._taking_over = self._begin()

    @property
    def is_taken_over(self) -> bool:
        """Whether it handles batches."""
        return self._active and self._taking_over.done()

    @property
    def slice_seconds(self) -> float:
        """How long its present slice has been in flight."""
        return time.monotonic() - self._slice_began_at if self._slice else 0.0

    @property
    def _has_failed(self) -> bool:
        """Whether handling has failed, and the process is about to end. A poll can still return before that. What it
        brings lies behind the records that were not handled; committing it would skip them.
        """
        work = self.work
        return work is not None and work.done() and not work.cancelled() and work.exception() is not None

    def take(self, records: Batch) -> None:
        """Add what a poll returned to the records that wait here. When handling fails, `fail` hears of it."""
        if self._has_failed:
            log_dropped(records, reason="failed")
            return
        if self.place in self._stops.partitions:
            log_dropped(records, reason="stopped")
            return
        self._waiting += records
        self.fetched_bytes += self._room.weight(records)
        if self.work is None or self.work.done():
            self.work = asyncio.create_task(self._handle_waiting())
            self.work.add_done_callback(self._hand_on_failure)

    async def _handle_waiting(self) -> None:
        """Handle what waits, slice after slice, or drop it when it is stale. Raises what the handler raises."""
        await self._taking_over
        while self._waiting:
            await self._gather()
            if await self._is_stale():
                self._drop_stale()
                return
            async with self._room.slice_of(lambda: self._waiting) as records:
                if not self._active:
                    self._drop("revoked")
                    return
                try:
                    await self._handle_slice(records)
                except PartitionLost as lost:
                    self._drop("lost")
                    self._await_verdict(lost)
                    return
                except PartitionStopped as stopped:
                    self._drop("stopped")
                    self._stop_at(stopped.stop)
                    return

    async def _gather(self) -> None:
        """Wait for more records when there are few and the slice before began a moment ago."""
        wait_seconds = self._slice_began_at + GATHER_SECONDS - time.monotonic()
        if wait_seconds > 0 and self._room.weight(self._waiting) < MIN_SLICE_BYTES:
            await asyncio.sleep(wait_seconds)

    async def give_up(self, seconds: float) -> bool:
        """Finish the slice in flight, or abandon it as a whole after that time. Return whether it was finished."""
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
        self._next_offset = await first_offset(self._means.consumer, self.place, committed, self._report)
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

    # Handling

    async def _handle_slice(self, records: Batch) -> None:
        self._slice, self._slice_began_at = records, time.monotonic()
        del self._waiting[: len(records)]
        await self._means.handler.handle([as_record(record) for record in records], self._publisher)
        self._slice = ()
        self.fetched_bytes -= self._room.weight(records)
        self._next_offset = records[-1].offset + 1
        self._backlog.handled(self.place, self._next_offset)
        self._losses = 0

    def _drop(self, reason: str) -> None:
        """Drop all that was fetched and is not handled."""
        dropped = [*self._slice, *self._waiting]
        self._slice = ()
        self._waiting.clear()
        self.fetched_bytes = 0
        self._room.freed.set()
        log_dropped(dropped, reason=reason)

    def _stop_at(self, stop: Stop) -> None:
        if not self._active or not self._stops.add(stop):
            return
        self._next_offset = stop.offset
        self._means.consumer().pause(self.place)

    def go_on(self) -> None:
        """Try again the record at which the partition stopped. Nothing of it is in flight: all that was fetched was
        dropped when it stopped, and what came after that is not taken.
        """
        if self._active:
            assert not self.fetched_bytes, "a partition that has stopped takes nothing"
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

    async def _is_stale(self) -> bool:
        """Whether what waits was fetched before its partition was taken over."""
        if self._waiting[0].offset < self._next_offset:
            return True
        try:
            position = await self._means.consumer().position(self.place)
        except IllegalStateError:
            return True
        return not self._active or bool(position <= self._waiting[-1].offset)

    def _drop_stale(self) -> None:
        self._drop("fetched before the partition was taken over" if self._active else "revoked")
        self._backlog.handled(self.place, self._next_offset)
        if not self._active:
            return
        self._stale_batches += 1
        if self._stale_batches > MAX_STALE_BATCHES:
            raise PartitionLost(
                f"The offsets of {name_of(self.place)} have gone back below {self._next_offset}, which is committed. "
                "A fresh start finds out where to go on."
            )
        self._means.consumer().seek(self.place, self._next_offset)
