"""Projects a batch: read, write, commit. The projector stops at an event that it can't project.

Only our own classifier writes these topics, so such an event is a bug of ours. To skip it would leave a gap in the
register that nobody notices. The events before it in the batch are written and committed first.

A batch that is too large to unpack is not ours: it is passed over, logged and counted.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from schemas.values import value_class
from services.projector.errors import NotProjectable, Unreadable
from services.projector.events import Fact, OutputEvent, read
from services.projector.instrumentation import count_stored, tell_passed_over, tell_spans
from services.projector.ports import Positions, ProjectionStore
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.records import Record
from services.runtime.observe import metrics
from services.runtime.observe.health import Health, Part
from services.runtime.observe.tracing import Spans
from services.runtime.waiting import pauses

log = structlog.get_logger()

BATCH: Final = "batch"
"""The batch as a reporter to readiness. There is one at a time."""


@value_class(frozen=True, slots=True)
class Stop:
    """Where the projector stopped, and why, for the operator. It holds no value of the event."""

    topic: str
    partition: int
    offset: int
    reasons: Sequence[str]

    def __str__(self) -> str:
        """Return it in one line."""
        at = f"{self.topic}, partition {self.partition}, offset {self.offset}"
        return f"stopped at {at}, which can't be projected: {'; '.join(self.reasons)}"


@value_class(frozen=True, slots=True)
class ReadBatch:
    """Records and their events. When one can't be read, `events` ends before it and `reasons` says why."""

    records: Sequence[Record]
    events: Sequence[OutputEvent]
    reasons: Sequence[str] = ()
    passed_over: Sequence[Record] = ()
    """The records among them that stand for a batch too large to unpack. They are in none of the others."""


def read_all(given: Sequence[Record]) -> ReadBatch:
    """Read records in their order, up to the first that can't be read."""
    records = [each for each in given if each.oversized is None]
    passed_over = [each for each in given if each.oversized is not None]
    events: list[OutputEvent] = []
    for record in records:
        try:
            events.append(read(record.value))
        except Unreadable as error:
            return ReadBatch(records, events, error.reasons)
        except Exception as error:  # noqa: BLE001 - a bug of ours as well
            return ReadBatch(records, events, [_where(error)])
    return ReadBatch(records, events, passed_over=passed_over)


class _LeftUndone(Exception):
    """The process ends before this batch is committed. The next reader of the partition projects it again."""


class Projector:
    """Projects one batch after another until one event can't be projected."""

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
        self.stop: Stop | None = None

    async def project(self, batch: ReadBatch) -> None:
        """Write a batch and commit it. After a stop this does nothing."""
        if self.stop is not None:
            return
        started_ns = time.time_ns()
        try:
            with metrics.BATCH_STEP_SECONDS.labels(step="write").time():
                written, reasons = await self._write([event.data for event in batch.events])
            # After a stop they are met again, at the next start.
            passed_over = batch.passed_over if written == len(batch.records) else ()
            with metrics.BATCH_STEP_SECONDS.labels(step="commit").time():
                await self._commit(batch.records[:written], passed_over)
        except _LeftUndone:
            return
        for record in passed_over:
            tell_passed_over(record)
        count_stored(batch.events[:written])
        if self._spans is not None:
            tell_spans(self._spans, batch.records[:written], batch.events[:written], started_ns=started_ns)
        if written < len(batch.records):
            self._stop_at(batch.records[written], reasons or batch.reasons)

    async def _write(self, facts: Sequence[Fact]) -> tuple[int, Sequence[str]]:
        """Write the facts. Return how many were written, and why the next one was not.

        Halving finds the one that fails. Writing is idempotent, so a repeat neither loses nor doubles anything.
        """
        if not facts:
            return 0, ()
        try:
            await self._patiently(lambda: self._register.apply(facts), Part.MONGODB)
        except _LeftUndone:
            raise
        except NotProjectable as refusal:
            reasons: Sequence[str] = refusal.reasons
        except Exception as error:  # noqa: BLE001 - whatever merging or encoding raises is a bug of ours
            reasons = [_where(error)]
        else:
            return len(facts), ()
        if len(facts) == 1:
            return 0, reasons
        half = len(facts) // 2
        written, refused = await self._write(facts[:half])
        if refused:
            return written, refused
        more, refused = await self._write(facts[half:])
        return half + more, refused

    async def _commit(self, records: Sequence[Record], passed_over: Sequence[Record]) -> None:
        in_order = sorted([*records, *passed_over], key=lambda record: record.offset)
        next_offsets = {record.place: record.offset + 1 for record in in_order}
        if not next_offsets:
            return
        try:
            await self._patiently(lambda: self._positions.commit(next_offsets), Part.KAFKA)
        except PartitionLost:
            # The instance that has the partition now reads these records again, and they change nothing.
            log.warning("projector.commit_refused", partitions=len(next_offsets), events=len(records))
        else:
            metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()
            log.info("projector.batch_committed", events=len(records), partitions=len(next_offsets))

    async def _patiently(self, attempt: Callable[[], Awaitable[None]], part: Part) -> None:
        """Retry while Kafka or MongoDB is away, and report that to readiness.

        Raises _LeftUndone when the process is asked to end meanwhile.
        """
        with self._health.reporting(part, by=BATCH) as report:
            for pause_seconds in pauses():
                try:
                    await attempt()
                except TransientFailure as failure:
                    metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                    report(str(failure))
                    await self._ending.unless(asyncio.sleep(pause_seconds))
                    if self._ending.asked:
                        raise _LeftUndone from failure
                else:
                    report(None)
                    return

    def _stop_at(self, record: Record, reasons: Sequence[str]) -> None:
        self.stop = Stop(record.topic, record.partition, record.offset, reasons)
        metrics.OWN_FAILURES.inc()
        metrics.OWN_FAILURES_IN_A_ROW.set(1)
        metrics.STOPPED.set(1)
        log.error(
            "projector.stopped",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reasons=list(reasons),
        )
        self._health.set(Part.SERVICE, str(self.stop), by=BATCH)


def _where(error: Exception) -> str:
    """Return the type of an error and its place in the code. Its text may hold a value of the event."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {Path(frames[-1].filename).name}, line {frames[-1].lineno}"
