"""What the classifier does with a batch of one partition: decode, look up, decide, record, publish and commit.

Each batch ends in one of three ways: it is published and committed as a whole, in several transactions when much goes
out; the partition is lost to another instance, which takes it up; or the service stops, because our own code fails on
message after message.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from schemas.faults import Refusal
from services.classifier.encoding import Encoder
from services.classifier.instrumentation import Handled, tell_batch, tell_own_failure, tell_spans
from services.classifier.ports import Clock, Publisher, RegisterStore
from services.domain.case import Case
from services.domain.outcome import FAILED, Outcome, Refused
from services.runtime.errors import PartitionLost, ServiceBroken, TransientFailure
from services.runtime.kafka.records import Record, light_parts
from services.runtime.observe import metrics
from services.runtime.observe.health import Health, Part
from services.runtime.observe.tracing import Spans
from services.runtime.waiting import pauses

TURN_SECONDS: Final = 0.05
"""How long the handler reads or encodes before it yields to the event loop: about a usual batch. Nothing else runs
meanwhile, such as the heartbeat. One contact takes as long at most."""

MAX_TRANSACTION_BYTES: Final = 8 * 1024 * 1024
"""Of one transaction: some ten thousand events, which take a second of the ten that it may last. A usual batch is a
sixth of it. A correction of a contact that was given much can cause hundreds of times its own size."""

Read = Callable[[Record], Case | Refusal]
"""`services.classifier.cases.read`, with the keys and the policy of this service."""


class Handler:
    """Handles the batches of every partition that this instance holds: those of one partition one after another."""

    def __init__(
        self,
        *,
        read: Read,
        store: RegisterStore,
        encoder: Encoder,
        clock: Clock,
        health: Health,
        own_failures_limit: int,
        spans: Spans | None = None,
    ) -> None:
        self._read = read
        self._store = store
        self._encoder = encoder
        self._clock = clock
        self._health = health
        self._own_failures_limit = own_failures_limit
        self._spans = spans
        # By partition: "in a row" means nothing between partitions.
        self._own_failures_in_a_row: defaultdict[int, int] = defaultdict(int)

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:
        """Handle the next records of one partition, and commit the position after them.

        Waits as long as MongoDB or Kafka is away; a caller that can't wait cancels. Raises PartitionLost when another
        instance holds the partition now, and ServiceBroken after a run of own failures. Records that are not committed
        then were not published, and cause the same messages when they are handled again.
        """
        started_ns = time.time_ns()
        batch = await self._judge_patiently(records)
        for part in light_parts(batch, MAX_TRANSACTION_BYTES, Handled.weight):
            messages = [message for handled in part for message in handled.messages]
            with _timed("publish"):
                await publisher.publish(messages, next_offset=part[-1].record.offset + 1)
            tell_batch(part)
            if self._spans is not None:
                tell_spans(self._spans, part, started_ns=started_ns)

    async def _judge_patiently(self, records: Sequence[Record]) -> list[Handled]:
        """Judge a batch; retry as long as the database is away."""
        partition = records[0].partition
        failures_before = self._own_failures_in_a_row[partition]
        with self._health.reporting(Part.MONGODB, by=f"batch of partition {partition}") as report:
            for pause_seconds in pauses():
                try:
                    batch = await self._judge_isolated(records)
                except TransientFailure as failure:
                    metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                    report(str(failure))
                    self._count_in_a_row(partition, failures_before)
                else:
                    report(None)
                    return batch
                await self._clock.sleep(pause_seconds)
        raise AssertionError("pauses have no end")

    async def _judge_isolated(self, records: Sequence[Record]) -> list[Handled]:
        """Judge records. When our own code fails on them, halve them until the one that it fails on stands alone."""
        try:
            batch = await self._judge(records)
        except (TransientFailure, PartitionLost):
            raise
        except Exception as error:  # noqa: BLE001 - every mistake of our own code in a message ends here
            if len(records) == 1:
                return [self._own_failure(records[0], error)]
            middle = len(records) // 2
            return [
                *await self._judge_isolated(records[:middle]),
                *await self._judge_isolated(records[middle:]),
            ]
        self._count_in_a_row(records[0].partition, 0)
        return batch

    async def _judge(self, records: Sequence[Record]) -> list[Handled]:
        """Decode, look up, decide, record, and encode what goes out."""
        with _timed("decode"):
            read = [self._read(record) async for record in _in_turns(records)]
        cases = [each for each in read if isinstance(each, Case)]
        now = self._clock.now()
        with _timed("decide"):
            judged = iter(
                await self._store.transact(cases, lambda register: [register.judge(case, now) for case in cases])
            )
        with _timed("encode"):
            outcomes = iter([next(judged) if isinstance(each, Case) else Refused(each) for each in read])
            return [self._encoded(record, next(outcomes), now) async for record in _in_turns(records)]

    def _encoded(self, record: Record, outcome: Outcome, now: datetime) -> Handled:
        return Handled(record, outcome, self._encoder.messages(record, outcome, now))

    def _own_failure(self, record: Record, error: Exception) -> Handled:
        """Return a dead letter for a record on which our own code failed. Raises ServiceBroken after a run of those."""
        tell_own_failure(record, error)
        self._count_in_a_row(record.partition, self._own_failures_in_a_row[record.partition] + 1)
        if self._own_failures_in_a_row[record.partition] >= self._own_failures_limit:
            metrics.STOPPED.set(1)
            raise ServiceBroken(
                f"Our own code failed on {self._own_failures_limit} messages in a row of partition "
                f"{record.partition}, up to offset {record.offset}. None of them is lost: the release "
                "that replaces this one handles them again."
            ) from error
        return self._encoded(record, FAILED, self._clock.now())

    def _count_in_a_row(self, partition: int, number: int) -> None:
        self._own_failures_in_a_row[partition] = number
        metrics.OWN_FAILURES_IN_A_ROW.set(max(self._own_failures_in_a_row.values()))


async def _in_turns(records: Iterable[Record]) -> AsyncIterator[Record]:
    """Yield records, and yield to the event loop each time that `TURN_SECONDS` have passed."""
    began = time.perf_counter()
    for record in records:
        yield record
        if time.perf_counter() - began >= TURN_SECONDS:
            await asyncio.sleep(0)
            began = time.perf_counter()


@contextmanager
def _timed(step: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        metrics.BATCH_STEP_SECONDS.labels(step=step).observe(time.perf_counter() - started)
