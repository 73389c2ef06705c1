"""Projects a batch: read, write, commit. A partition stops at an event of ours that can't be projected.

Such an event is a bug of ours. To skip it unasked would leave a gap in the register that nobody notices. The events
before it are written and committed first, and the other partitions go on. An operator may have it skipped, and the
third start that meets it does so by itself.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import structlog
from aiokafka import TopicPartition

from services.projector.batch import ReadBatch, ReadEvent, stop_at
from services.projector.errors import NotProjectable
from services.projector.events import Fact
from services.projector.instrumentation import ForeignRecords, count_stored, tell_spans
from services.projector.ports import Positions, ProjectionStore
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.observe import metrics
from services.runtime.observe.failures import where
from services.runtime.observe.health import Health, Part
from services.runtime.observe.tracing import Spans
from services.runtime.stops.stop import Meeting, Stop
from services.runtime.stops.stops import Stops
from services.runtime.waiting import pauses

log = structlog.get_logger()

T = TypeVar("T")

BATCH: Final = "batch"
"""The batch as a reporter to readiness. There is one at a time."""


class _LeftUndone(Exception):
    """The process ends before this batch is committed. The next reader of its partitions projects it again."""


class Projector:
    """Projects one batch after another."""

    def __init__(
        self,
        register: ProjectionStore,
        positions: Positions,
        health: Health,
        ending: Ending,
        spans: Spans | None = None,
    ) -> None:
        self._register = register
        self._positions = positions
        self._health = health
        self._ending = ending
        self._spans = spans
        self._foreign = ForeignRecords()

    async def project(self, batch: ReadBatch, stops: Stops) -> None:
        """Write a batch and commit it, without the partitions that have stopped. Those that stop now join `stops`."""
        batch = batch.without(stops.partitions)
        if not batch.records:
            return
        started_ns = time.time_ns()
        try:
            with metrics.BATCH_STEP_SECONDS.labels(step="write").time():
                refused = await self._write(batch.events)
            done = batch.up_to({**batch.stops, **refused})
            skipped = await self._skipped(done, stops)
            with metrics.BATCH_STEP_SECONDS.labels(step="commit").time():
                await self._commit(done, skipped)
        except _LeftUndone:
            return
        count_stored([event for _, event in done.events])
        self._foreign.tell(done.passed_over)
        if self._spans is not None:
            tell_spans(self._spans, done.events, started_ns=started_ns)
        for stop in done.stops.values():
            if stops.pass_over(stop) if stop.place in skipped else stops.add(stop):
                self._positions.pause(stop.place)

    async def _skipped(self, done: ReadBatch, stops: Stops) -> Mapping[TopicPartition, int]:
        """Return the partitions whose stop is skipped, each with the offset behind it."""
        skipped: dict[TopicPartition, int] = {}
        for stop in done.stops.values():
            metrics.OWN_FAILURES.inc()
            if await self._patiently(partial(stops.meet, stop), Part.MONGODB) is Meeting.SKIP:
                metrics.SKIPPED_RECORDS.labels(topic=stop.topic).inc()
                skipped[stop.place] = stop.offset + 1
        return skipped

    async def _write(self, events: Sequence[ReadEvent]) -> Mapping[TopicPartition, Stop]:
        """Write the events; those of one partition up to the first that is refused. Return the stops that this makes.

        A stop in one partition leaves the order within each other one as it is, and no order is needed between them.
        """
        refused: dict[TopicPartition, Stop] = {}
        while events:
            written, reasons = await self._write_facts([event.fact for _, event in events])
            if written == len(events):
                break
            stop = stop_at(events[written][0], reasons)
            refused[stop.place] = stop
            events = [each for each in events[written:] if each[0].place != stop.place]
        return refused

    async def _write_facts(self, facts: Sequence[Fact]) -> tuple[int, Sequence[str]]:
        """Write the facts. Return how many were written, and why the next one was not.

        Halving finds the one that fails. Writing is idempotent, so a repeat neither loses nor doubles anything.
        """
        try:
            await self._patiently(lambda: self._register.apply(facts), Part.MONGODB)
        except _LeftUndone:
            raise
        except NotProjectable as refusal:
            reasons: Sequence[str] = refusal.reasons
        except Exception as error:  # noqa: BLE001 - whatever merging or encoding raises is a bug of ours
            reasons = [where(error)]
        else:
            return len(facts), ()
        if len(facts) == 1:
            return 0, reasons
        half = len(facts) // 2
        written, refused = await self._write_facts(facts[:half])
        if refused:
            return written, refused
        more, refused = await self._write_facts(facts[half:])
        return half + more, refused

    async def _commit(self, done: ReadBatch, skipped: Mapping[TopicPartition, int]) -> None:
        next_offsets = {**done.next_offsets(), **skipped}
        if not next_offsets:
            return
        try:
            await self._patiently(lambda: self._positions.commit(next_offsets), Part.KAFKA)
        except PartitionLost:
            # The instance that has the partition now reads these records again, and they change nothing.
            log.warning("projector.commit_refused", partitions=len(next_offsets), events=len(done.events))
        else:
            metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()
            log.info("projector.batch_committed", events=len(done.events), partitions=len(next_offsets))

    async def _patiently(self, attempt: Callable[[], Awaitable[T]], part: Part) -> T:
        """Retry while Kafka or MongoDB is away, and report that to readiness.

        Raises _LeftUndone when the process is asked to end meanwhile.
        """
        with self._health.reporting(part, by=BATCH) as report:
            for pause_seconds in pauses():
                try:
                    done = await attempt()
                except TransientFailure as failure:
                    metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                    report(str(failure))
                    await self._ending.unless(asyncio.sleep(pause_seconds))
                    if self._ending.asked:
                        raise _LeftUndone from failure
                else:
                    report(None)
                    return done
        raise AssertionError("pauses have no end")
