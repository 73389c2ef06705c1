"""A long backlog: the bridge takes no more than memory has a bound for, the oldest first, and commits without a gap."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from unittest.mock import AsyncMock

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.bridge.kafka.lanes import MAX_WAITING, Lanes
from services.bridge.kafka.subscriber import MAX_RECORDS, Triggers
from services.bridge.triggers import Asking
from services.runtime.ending import Ending
from services.runtime.kafka.assignment import Batch
from services.runtime.kafka.records import Record
from tests.benchmarks.bridge import furthest_ahead
from tests.support.projector_examples import OWN_SOURCES, encoded, klantcontact_id, registered

PLACE = TopicPartition("klantcontact.registered", 0)
CONTACTS, SIZE = 1_000, 6_000
LANES = 4


def polls() -> Iterator[Batch]:
    """Yield the backlog as the consumer does: each contact comes once, and again and again after all others."""
    values = [encoded(registered(f"c-{each}")) for each in range(CONTACTS)]
    for first in range(0, SIZE, MAX_RECORDS):
        yield [
            ConsumerRecord(*PLACE, offset, 0, 0, None, values[offset % CONTACTS], None, 0, 0, ())
            for offset in range(first, first + MAX_RECORDS)
        ]


async def until(condition: Callable[[], bool]) -> bool:
    """Let the lanes run until a condition holds."""
    for _ in range(100 * SIZE):
        if condition():
            return True
        await asyncio.sleep(0)
    return False


async def test_a_backlog_is_handled_oldest_first_in_bounded_memory() -> None:
    begun, by_lane, may_end = list[int](), defaultdict[object, list[int]](list), asyncio.Event()
    stuck = klantcontact_id("c-7")
    most_waiting = 0

    async def handle(asking: Asking, record: Record) -> None:
        assert record.value is None
        begun.append(record.offset)
        by_lane[asyncio.current_task()].append(record.offset)
        await (may_end.wait() if asking.id == stuck else asyncio.sleep(0))

    lanes = Lanes(LANES, handle)
    triggers = Triggers(lanes, OWN_SOURCES, Ending())
    consumer = AsyncMock(AIOKafkaConsumer)

    async def read() -> None:
        nonlocal most_waiting
        for batch in polls():
            await triggers.between_polls(consumer)
            await triggers.room()
            fetched = {PLACE: batch}
            triggers.backlog.take(fetched)
            await triggers.handle(fetched)
            most_waiting = max(most_waiting, lanes.waiting)

    reading = asyncio.create_task(read())
    assert await until(lambda: lanes.waiting >= MAX_WAITING)
    held_back = len(begun)
    assert not reading.done()
    assert lanes.committable()[PLACE] <= 7
    oldest = triggers.backlog.oldest(PLACE)
    assert oldest is not None
    assert (oldest.offset, oldest.value) == (0, None)

    may_end.set()
    assert await until(lambda: reading.done() and not lanes.waiting)
    await triggers.finish(5)

    assert sorted(begun) == list(range(SIZE))
    assert held_back < SIZE - MAX_WAITING
    assert most_waiting < MAX_WAITING + MAX_RECORDS
    assert furthest_ahead(begun) < LANES * MAX_WAITING + MAX_RECORDS
    assert list(by_lane.values()) == [sorted(each) for each in by_lane.values()]
    consumer.commit.assert_awaited_with({PLACE: SIZE})
