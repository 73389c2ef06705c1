"""How far behind each assigned partition is, and how long its oldest record waits: for metrics and readiness.

Behind means up to the end of the log, the high watermark. Records that wait behind somebody's open transaction count.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.runtime.errors import KlantcontactError
from services.runtime.kafka.assignment import Assignment
from services.runtime.kafka.open_transactions import OpenTransaction, begun_at
from services.runtime.observe import metrics
from services.runtime.observe.health import Facts
from services.runtime.settings import Settings

T = TypeVar("T")

LOOK_SECONDS: Final = 5.0
"""How often the last stable offset of each partition is asked for, by a small request of its own."""

ANSWER_SECONDS: Final = 3.0
"""Patience with an answer. While a partition has no broker that answers, what was known before counts."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind a partition is."""

    records: int
    """Offsets until the end. Some may be markers of transactions or records that were aborted."""
    age_seconds: float
    """How long the oldest record has waited. While it is not fetched yet: since it was first seen, or since the
    transaction that it waits for began."""


@dataclass
class LagWatch:
    """Looks every five seconds."""

    assignment: Assignment
    settings: Settings
    lags: Mapping[TopicPartition, Lag] = field(default_factory=dict)
    """Of the partitions that are assigned now."""
    open_transactions: Mapping[TopicPartition, OpenTransaction] = field(default_factory=dict)
    """Those that have long been open in these partitions."""
    _stable: dict[TopicPartition, int] = field(default_factory=dict)
    """The last stable offset of each partition, at the last answer."""
    _behind_since: dict[TopicPartition, float] = field(default_factory=dict)

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        """Keep the metrics up to date, without end."""
        while True:
            await self._look(consumer())
            await asyncio.sleep(LOOK_SECONDS)

    def facts(self) -> Facts:
        """Return what readiness shows.

        An open transaction is a fact and no reason to be unready. Any other instance would wait as well, a restart does
        not help, the other partitions go on, and a roll-out must not stop for a publisher that hangs.
        """
        return {
            "lag_records": sum(lag.records for lag in self.lags.values()),
            "oldest_unprocessed_seconds": round(max((lag.age_seconds for lag in self.lags.values()), default=0.0), 1),
            "open_transactions": [
                {"topic": each.topic, "partition": each.partition, "since": each.since.isoformat(timespec="seconds")}
                for _, each in sorted(self.open_transactions.items())
            ],
        }

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        assigned = consumer.assignment() if self.assignment.is_known else frozenset()
        # The high watermarks as of the last fetch. If a later last stable offset is lower, records wait in between.
        ends = {each: consumer.highwater(each) or 0 for each in assigned}
        before = dict(self._stable)
        # Each by itself: one without a leader leaves the others as they are.
        next_offsets = await asyncio.gather(*(self._next_offset(consumer, each) for each in assigned))
        await self._find_transactions(ends, before)
        now = time.time()
        lags = {
            each: self._lag(each, next_offset, max(ends[each], self._stable[each]), now)
            for each, next_offset in zip(assigned, next_offsets, strict=True)
            if next_offset is not None and each in self._stable
        }
        self._show({**{each: lag for each, lag in self.lags.items() if each in assigned}, **lags}, now)

    async def _next_offset(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
        """Return the next offset to handle, None while it is unknown. Asks for the last stable offset meanwhile."""
        record = self.assignment.backlog.oldest(partition)
        stable, position = await asyncio.gather(
            _answer(consumer.end_offsets([partition])), _answer(consumer.position(partition))
        )
        self._stable.update(stable or {})
        return record.offset if record else position

    async def _find_transactions(
        self, ends: Mapping[TopicPartition, int], before: Mapping[TopicPartition, int]
    ) -> None:
        """Find out since when partitions wait.

        Only a last stable offset that stood still since the look before is asked about. In our outputs, where
        transactions come and go, it moves.
        """
        waiting = {each: self._stable[each] for each, end in ends.items() if self._stable.get(each, end) < end}
        since = {
            each: known.since
            for each, known in self.open_transactions.items()
            if waiting.get(each) == known.first_offset
        }
        asked = {each: at for each, at in waiting.items() if before.get(each) == at and each not in since}
        if asked:
            since |= await _answer(begun_at(self.settings, asked)) or {}
        self.open_transactions = {
            each: OpenTransaction(each.topic, each.partition, waiting[each], ends[each], moment)
            for each, moment in since.items()
        }

    def _lag(self, partition: TopicPartition, next_offset: int, end: int, now: float) -> Lag:
        in_hand = self.assignment.backlog.oldest(partition)
        records = max(0, end - next_offset)
        if not records and in_hand is None:
            self._behind_since.pop(partition, None)
            return Lag(0, 0.0)
        since = self._behind_since.setdefault(partition, now)
        transaction = self.open_transactions.get(partition)
        if in_hand is not None:
            since = in_hand.timestamp / 1000
        elif transaction is not None:
            since = min(since, transaction.since.timestamp())
        return Lag(records, max(0.0, now - since))

    def _show(self, lags: Mapping[TopicPartition, Lag], now: float) -> None:
        """Set the series of each partition, and remove those of partitions that are no longer ours."""
        for partition in self.lags.keys() - lags.keys():
            for gauge in GAUGES:
                gauge.remove(*_labels(partition))
            self._stable.pop(partition, None)
            self._behind_since.pop(partition, None)
        self.lags = lags
        for partition, lag in lags.items():
            transaction = self.open_transactions.get(partition)
            age_seconds = 0.0 if transaction is None else now - transaction.since.timestamp()
            for gauge, value in zip(GAUGES, (lag.records, lag.age_seconds, age_seconds), strict=True):
                gauge.labels(*_labels(partition)).set(value)


GAUGES: Final = (
    metrics.LAG_RECORDS,
    metrics.OLDEST_UNPROCESSED_AGE_SECONDS,
    metrics.OPEN_TRANSACTION_AGE_SECONDS,
)


async def _answer(question: Awaitable[T]) -> T | None:
    """Return the answer, or None when there is none. Readiness says by itself what is wrong with Kafka."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await question
    except (KafkaError, KlantcontactError, IllegalStateError, TimeoutError):
        return None


def _labels(partition: TopicPartition) -> Iterable[str]:
    return partition.topic, str(partition.partition)
