"""How far behind each assigned partition is, and how long its oldest record waits: for metrics and readiness."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.runtime.kafka.assignment import Assignment
from services.runtime.observe import metrics
from services.runtime.observe.health import Facts

T = TypeVar("T")

LOOK_SECONDS: Final = 5.0
"""How often the end of each partition is asked for, by a small request of its own."""

ANSWER_SECONDS: Final = 3.0
"""Patience with the answer. What was known before counts for as long as a partition has no broker that gives one."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind a partition is."""

    records: int
    """Offsets until the end, of which some may be markers of transactions or records that were aborted."""
    age_seconds: float
    """How long the oldest of them has waited. While it is not fetched yet: since it was seen to be there."""


@dataclass
class LagWatch:
    """Looks every five seconds."""

    assignment: Assignment
    lags: Mapping[TopicPartition, Lag] = field(default_factory=dict)
    """Of the partitions that are assigned now."""
    _ends: dict[TopicPartition, int] = field(default_factory=dict)
    _behind_since: dict[TopicPartition, float] = field(default_factory=dict)

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        """Keep the metrics up to date, without end."""
        while True:
            await self._look(consumer())
            await asyncio.sleep(LOOK_SECONDS)

    def facts(self) -> Facts:
        """Give what readiness shows of it."""
        return {
            "lag_records": sum(lag.records for lag in self.lags.values()),
            "oldest_unprocessed_seconds": round(max((lag.age_seconds for lag in self.lags.values()), default=0.0), 1),
        }

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        assigned = consumer.assignment() if self.assignment.is_known else frozenset()
        # Each by itself: one without a leader leaves the others as they are.
        numbers = await asyncio.gather(*(self._records(consumer, each) for each in assigned))
        now = time.time()
        known = {each: records for each, records in zip(assigned, numbers, strict=True) if records is not None}
        lags = {each: self._lag(each, records, now) for each, records in known.items()}
        self._show({**{each: lag for each, lag in self.lags.items() if each in assigned}, **lags})

    async def _records(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
        """Give how many offsets are left until the end; None while nothing is known of it."""
        record = self.assignment.backlog.oldest(partition)
        position = _answer(consumer.position(partition))
        ends, asked = await asyncio.gather(_answer(consumer.end_offsets([partition])), position)
        self._ends.update(ends or {})
        next_offset: int | None = record.offset if record else asked
        if next_offset is None or partition not in self._ends:
            return None
        return max(0, self._ends[partition] - next_offset)

    def _lag(self, partition: TopicPartition, records: int, now: float) -> Lag:
        in_hand = self.assignment.backlog.oldest(partition)
        if not records and in_hand is None:
            self._behind_since.pop(partition, None)
            return Lag(0, 0.0)
        since = self._behind_since.setdefault(partition, now)
        if in_hand is not None:
            since = in_hand.timestamp / 1000
        return Lag(records, max(0.0, now - since))

    def _show(self, lags: Mapping[TopicPartition, Lag]) -> None:
        """Give each partition its series, and take those away of what we no longer have."""
        for partition in self.lags.keys() - lags.keys():
            metrics.LAG_RECORDS.remove(*_labels(partition))
            metrics.OLDEST_UNPROCESSED_AGE_SECONDS.remove(*_labels(partition))
            self._ends.pop(partition, None)
            self._behind_since.pop(partition, None)
        self.lags = lags
        for partition, lag in lags.items():
            metrics.LAG_RECORDS.labels(*_labels(partition)).set(lag.records)
            metrics.OLDEST_UNPROCESSED_AGE_SECONDS.labels(*_labels(partition)).set(lag.age_seconds)


async def _answer(question: Awaitable[T]) -> T | None:
    """Give what Kafka answers, or None when it does not. Readiness tells what is wrong then."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await question
    except (KafkaError, IllegalStateError, TimeoutError):
        return None


def _labels(partition: TopicPartition) -> Iterable[str]:
    return partition.topic, str(partition.partition)
