"""The partitions of one instance side by side, with everything around them made of memory."""

import asyncio
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.runtime.exactly_once import partition
from services.runtime.exactly_once.partition import Means
from services.runtime.exactly_once.partitions import STUCK_SECONDS, Partitions
from services.runtime.exactly_once.ports import Publisher
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.stops.stops import Stops
from tests.fakes.stop_store import FakeStopStore

BATCH_SIZE = 10
ONE, TWO, *OTHERS = (TopicPartition("contact.ended", number) for number in range(12))


class _Consumer:
    """Has fetched everything."""

    def pause(self, place: TopicPartition) -> None:
        pass

    resume = pause

    def seek(self, place: TopicPartition, offset: int) -> None:
        pass

    knows_its_position = True

    async def position(self, _: TopicPartition) -> int:
        if not self.knows_its_position:
            await asyncio.Event().wait()
        return 1_000_000

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 1_000_000)


class _Publisher:
    async def take_over(self) -> int | None:
        return None

    async def release(self) -> None:
        pass


class _Bench:
    """Partitions whose slices wait while their partition is held up."""

    def __init__(self) -> None:
        self.handled: list[tuple[int, int]] = []
        self.failures: list[BaseException] = []
        self.held_up: dict[int, asyncio.Event] = {}
        self.consumer = _Consumer()
        self._next = dict.fromkeys((ONE, TWO, *OTHERS), 0)
        health = Health(())
        means = Means(
            handler=self,
            consumer=lambda: cast("AIOKafkaConsumer", self.consumer),
            make_publisher=lambda _: cast("KafkaPublisher", _Publisher()),
            fail=self.failures.append,
            session_seconds=1,
            health=health,
            make_stops=lambda: Stops(health, FakeStopStore()),
        )
        self.partitions = Partitions(means, BATCH_SIZE)

    async def handle(self, records: Sequence[Record], _: Publisher) -> None:
        first = records[0]
        if held_up := self.held_up.get(first.partition):
            await held_up.wait()
        self.handled.append((first.partition, len(records)))

    async def fetch(self, place: TopicPartition, number: int) -> None:
        """Hand over so many new records of a partition, and let what can go on do so."""
        first = self._next[place]
        self._next[place] += number
        records: list[Any] = [
            ConsumerRecord(*place, offset, 0, 0, None, b"x", None, 0, 1, ()) for offset in range(first, first + number)
        ]
        await self.partitions.handle({place: records})
        await asyncio.sleep(0.01)


@pytest.fixture
async def bench() -> _Bench:
    bench = _Bench()
    await bench.partitions.on_partitions_assigned([ONE, TWO, *OTHERS])
    return bench


async def test_a_partition_does_not_wait_for_another(bench: _Bench) -> None:
    bench.held_up[ONE.partition] = asyncio.Event()
    await bench.fetch(ONE, 1)
    await bench.fetch(TWO, 1)
    await bench.fetch(TWO, BATCH_SIZE)
    assert bench.handled == [(TWO.partition, 1), (TWO.partition, BATCH_SIZE)]
    assert bench.partitions.has_room()


async def test_a_partition_with_enough_in_flight_is_full_and_the_others_are_not(bench: _Bench) -> None:
    bench.held_up[ONE.partition] = asyncio.Event()
    await bench.fetch(ONE, BATCH_SIZE)
    assert not bench.partitions.is_full(ONE), "a slice is in flight, and nothing waits behind it"
    await bench.fetch(ONE, BATCH_SIZE)
    assert bench.partitions.is_full(ONE)
    assert not bench.partitions.is_full(TWO)
    assert bench.partitions.has_room()
    bench.held_up[ONE.partition].set()
    await asyncio.sleep(0.01)
    assert not bench.partitions.is_full(ONE)
    assert bench.handled == [(ONE.partition, BATCH_SIZE), (ONE.partition, BATCH_SIZE)]


async def test_nothing_is_fetched_while_too_much_is_in_flight(bench: _Bench) -> None:
    for place in (ONE, TWO, *OTHERS[:3]):
        bench.held_up[place.partition] = asyncio.Event()
        assert bench.partitions.has_room()
        await bench.fetch(place, 2 * BATCH_SIZE)
    assert not bench.partitions.has_room(), "five partitions have two slices each"
    room = asyncio.create_task(bench.partitions.room())
    await asyncio.sleep(0.01)
    assert not room.done()
    bench.held_up[TWO.partition].set()
    bench.held_up[ONE.partition].set()
    await asyncio.wait_for(room, 1)


async def test_nothing_is_fetched_while_every_partition_is_full() -> None:
    bench = _Bench()
    await bench.partitions.on_partitions_assigned([ONE])
    bench.held_up[ONE.partition] = asyncio.Event()
    await bench.fetch(ONE, 2 * BATCH_SIZE)
    assert not bench.partitions.has_room()


async def test_nothing_is_fetched_once_a_slice_is_stuck_so_that_the_group_takes_the_partitions(
    bench: _Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.held_up[ONE.partition] = asyncio.Event()
    await bench.fetch(ONE, 1)
    assert bench.partitions.has_room()
    later = time.monotonic() + STUCK_SECONDS
    monkeypatch.setattr(partition, "time", SimpleNamespace(monotonic=lambda: later))
    assert not bench.partitions.has_room()
    bench.held_up[ONE.partition].set()
    await asyncio.wait_for(bench.partitions.room(), 1)


async def test_a_wait_for_room_ends_when_the_partitions_are_revoked(bench: _Bench) -> None:
    bench.consumer.knows_its_position = False
    for place in (ONE, TWO, *OTHERS[:3]):
        await bench.fetch(place, 2 * BATCH_SIZE)
    room = asyncio.create_task(bench.partitions.room())
    await asyncio.sleep(0.01)
    assert not room.done()
    await bench.partitions.on_partitions_revoked([ONE, TWO, *OTHERS])
    await asyncio.wait_for(room, 1)
    assert bench.handled == []


async def test_records_of_a_partition_that_is_not_held_are_dropped(bench: _Bench) -> None:
    await bench.partitions.on_partitions_revoked([ONE, TWO, *OTHERS])
    await bench.fetch(ONE, 1)
    assert (bench.handled, bench.failures) == ([], [])
