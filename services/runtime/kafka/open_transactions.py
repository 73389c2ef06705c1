"""Transactions that somebody left open. The records behind one are in the log, and no committed reader gets them.

A transaction began in a partition with the record at the last stable offset, so the time of that record says since when
the partition waits. ListOffsets finds it, as it looks records up by their time: that asks for no right but Describe,
reads no contents, and is as true after a restart as before it.
"""

import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.runtime.kafka.clients import TRANSACTION_TIMEOUT_MS, Isolation, range_consumer
from services.runtime.kafka.records import moment
from services.runtime.settings import Settings

ABORT_MS: Final = 10_000
"""How often Kafka looks for transactions that are past their timeout."""

LONG_MS: Final = TRANSACTION_TIMEOUT_MS + ABORT_MS
"""Our own transactions take milliseconds, and Kafka aborts one that hangs within this time. So what is open for longer
needs a look, and the others are in flight."""


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that has long been open in a partition: the first one, if there are several."""

    topic: str
    partition: int
    first_offset: int
    """Where it began: the last stable offset."""
    end: int
    """The high watermark. Everything from `first_offset` up to here waits."""
    since: datetime
    """When its first record was written here."""

    def holds_up(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        """Whether this record waits for it."""
        is_here = (record.topic, record.partition) == (self.topic, self.partition)
        return is_here and record.offset >= self.first_offset


async def open_transactions(settings: Settings, partitions: Collection[TopicPartition]) -> list[OpenTransaction]:
    """Return those of partitions that exist, in the order of these. Raises a KafkaError."""
    if not partitions:
        # aiokafka fails with a CancelledError when a consumer stops that was started and asked nothing.
        return []
    async with _asking(settings, "read_uncommitted") as uncommitted:
        ends = await uncommitted.end_offsets(partitions)
        async with _asking(settings, "read_committed") as committed:
            # After the high watermarks: a partition that grows in between would seem to wait.
            stable = await committed.end_offsets(partitions)
        behind = {each: stable[each] for each in partitions if stable[each] < ends[each]}
        since = await _search(uncommitted, behind)
    return [
        OpenTransaction(each.topic, each.partition, stable[each], ends[each], since[each])
        for each in behind
        if each in since
    ]


async def begun_at(settings: Settings, stable: Mapping[TopicPartition, int]) -> dict[TopicPartition, datetime]:
    """Return when the transactions began that have long been open at these last stable offsets. Raises a KafkaError."""
    async with _asking(settings, "read_uncommitted") as uncommitted:
        return await _search(uncommitted, stable)


@asynccontextmanager
async def _asking(settings: Settings, isolation_level: Isolation) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that only asks: nothing is assigned to it."""
    consumer = range_consumer(settings, isolation_level=isolation_level)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def _search(
    uncommitted: AIOKafkaConsumer, stable: Mapping[TopicPartition, int]
) -> dict[TopicPartition, datetime]:
    """Search for the latest time of a record up to the last stable offset.

    It is the time of the record there in a topic that keeps the broker's clock, as ours do. In another topic a record
    that its publisher has dated ahead hides the transaction.
    """
    latest = int(time.time() * 1000) - LONG_MS
    # A transaction whose record is found from `latest` on has not been open for long.
    low, high = dict.fromkeys(stable, 0), dict.fromkeys(stable, latest)
    asked = dict(high)
    while asked:
        found = await uncommitted.offsets_for_times(asked)
        for partition, milliseconds in asked.items():
            first = found[partition]
            if first is None or first.offset > stable[partition]:
                high[partition] = milliseconds
            else:
                low[partition] = first.timestamp
                if first.offset == stable[partition]:
                    high[partition] = first.timestamp
        asked = {each: (low[each] + high[each]) // 2 for each in stable if high[each] - low[each] > 1}
    return {each: moment(low[each]) for each in stable if low[each] < latest}
