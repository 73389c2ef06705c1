"""One assigned partition, with everything around it made of memory: how a batch is cut, and what giving up leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from structlog.testing import capture_logs

from services.runtime.errors import PartitionLost
from services.runtime.exactly_once import partition
from services.runtime.exactly_once.partition import Means, Partition
from services.runtime.exactly_once.ports import Publisher
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.exactly_once.slices import MAX_SLICE_BYTES, Room
from services.runtime.kafka.assignment import Backlog, Batch
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.stops.stop import PartitionStopped, Stop
from services.runtime.stops.stops import Stops
from tests.fakes.stop_store import FakeStopStore
from tests.support.jumping_clock import on_jumping_clock

PLACE = TopicPartition("contact.ended", 0)
LARGEST_BYTES = 64 * 1024
"""What a contact may have, by the contract."""

Step = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    pass


class _HeldUp:
    """A step that ends when its test lets it."""

    def __init__(self) -> None:
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        await self.may_end.wait()


class _Consumer:
    """Has fetched everything, and notes where it is told to go on."""

    def __init__(self) -> None:
        self.sought: list[int] = []

    def pause(self, partition: TopicPartition) -> None:
        pass

    resume = pause

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.sought.append(offset)

    async def position(self, _: TopicPartition) -> int:
        return 1_000_000

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 1_000_000)


class _Publisher:
    def __init__(self, take_over: Step) -> None:
        self._take_over = take_over

    async def take_over(self) -> int | None:
        await self._take_over()
        return None

    async def release(self) -> None:
        pass


class _Bench:
    """A partition, and the offsets of each slice that it hands over; from `lost_from` on it is another instance's."""

    def __init__(
        self,
        *,
        batch_size: int = 500,
        take_over: Step = _at_once,
        lost_from: int | None = None,
        stops_at: int | None = None,
        step: Step = _at_once,
    ) -> None:
        self.slices: list[list[int]] = []
        self.failures: list[BaseException] = []
        self.consumer = _Consumer()
        self._lost_from = lost_from
        self._stops_at = stops_at
        self._step = step
        self.health = Health(())
        self.stops = Stops(self.health, FakeStopStore())
        means = Means(
            handler=self,
            consumer=lambda: cast("AIOKafkaConsumer", self.consumer),
            make_publisher=lambda _: cast("KafkaPublisher", _Publisher(take_over)),
            fail=self.failures.append,
            session_seconds=120,
            health=self.health,
            make_stops=lambda: self.stops,
        )
        self.room = Room(batch_size)
        self.partition = Partition(PLACE, means, self.room, Backlog(), self.stops)

    async def take(self, records: Batch) -> None:
        """Hand records over, and wait until they are handled or dropped."""
        self.partition.take(records)
        assert self.partition.work is not None
        await asyncio.wait({self.partition.work})

    async def handle(self, records: Sequence[Record], _: Publisher) -> None:
        if self._lost_from is not None and records[-1].offset >= self._lost_from:
            raise PartitionLost
        if self._stops_at is not None and records[-1].offset >= self._stops_at:
            raise PartitionStopped(Stop(PLACE.topic, PLACE.partition, self._stops_at, ["ValueError"]))
        await self._step()
        self.slices.append([record.offset for record in records])


def _records(number: int, *, size_bytes: int = 1, first: int = 0) -> Batch:
    value = b"x" * size_bytes
    records: list[Any] = [
        ConsumerRecord(PLACE.topic, PLACE.partition, offset, 0, 0, None, value, None, 0, size_bytes, ())
        for offset in range(first, first + number)
    ]
    return records


# How a batch is cut ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "size_bytes", "lengths", "why"),
    [
        (500, 2_000, [500], "as many as usual, of twice the usual size"),
        (501, 2_000, [250, 251], "two of about the same length, since a rest of one would cost as much"),
        (40, LARGEST_BYTES, [16, 16, 8], "the largest contacts: a MiB at a time"),
        (2, MAX_SLICE_BYTES + 1, [1, 1], "one that is too heavy by itself is on its way to the dead letters"),
        (3, 0, [3], "tombstones weigh nothing"),
    ],
)
async def test_a_batch_is_cut_by_number_and_by_weight(
    number: int, size_bytes: int, lengths: list[int], why: str
) -> None:
    bench = _Bench()
    await bench.take(_records(number, size_bytes=size_bytes))
    assert [len(each) for each in bench.slices] == lengths, why
    assert list(chain.from_iterable(bench.slices)) == list(range(number)), "nothing is left out"


async def test_what_is_fetched_meanwhile_is_one_slice_when_the_one_in_flight_is_done() -> None:
    step = _HeldUp()
    bench = _Bench(step=step)
    bench.partition.take(_records(2))
    await step.begun.wait()
    bench.partition.take(_records(3, first=2))
    bench.partition.take(_records(1, first=5))
    step.may_end.set()
    assert bench.partition.work is not None
    await bench.partition.work
    assert bench.slices == [[0, 1], [2, 3, 4, 5]]
    assert bench.partition.fetched_bytes == 0


@on_jumping_clock
async def test_small_slices_of_a_partition_gather_what_comes_a_moment_later() -> None:
    bench = _Bench()
    await bench.take(_records(1))
    assert bench.slices == [[0]], "the first one does not wait"
    bench.partition.take(_records(1, first=1))
    await asyncio.sleep(0.01)
    await bench.take(_records(1, first=2))
    assert bench.slices == [[0], [1, 2]]


@on_jumping_clock
async def test_a_slice_of_some_size_gathers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "GATHER_SECONDS", 60)
    bench = _Bench(batch_size=6)
    await bench.take(_records(1))
    async with asyncio.timeout(5):
        await bench.take(_records(3, first=1))
    assert bench.slices == [[0], [1, 2, 3]]


@on_jumping_clock
async def test_a_slice_in_flight_is_finished_when_the_partition_is_given_up_and_what_waits_is_left() -> None:
    step = _HeldUp()
    bench = _Bench(step=step)
    bench.partition.take(_records(2))
    await step.begun.wait()
    bench.partition.take(_records(3, first=2))
    asyncio.get_running_loop().call_later(0.05, step.may_end.set)
    with capture_logs() as logs:
        assert await bench.partition.give_up(5), "it was not abandoned"
    assert bench.slices == [[0, 1]]
    assert [(line["reason"], line["first_offset"]) for line in logs if line["event"] == "batch.dropped"] == [
        ("revoked", 2)
    ]


@on_jumping_clock
async def test_a_slice_that_gets_room_when_its_partition_is_given_up_is_not_begun() -> None:
    bench = _Bench(batch_size=1)
    async with AsyncExitStack() as in_flight:
        for _ in range(4):
            await in_flight.enter_async_context(bench.room.slice_of(lambda: _records(1)))
        bench.partition.take(_records(1))
        await asyncio.sleep(0.01)
        giving_up = asyncio.create_task(bench.partition.give_up(5))
        await asyncio.sleep(0.01)
    assert await giving_up, "it was not abandoned"
    assert bench.slices == []


async def test_a_failure_in_a_slice_ends_the_process() -> None:
    async def step() -> None:
        raise LookupError

    bench = _Bench(step=step)
    await bench.take(_records(2))
    await asyncio.sleep(0)
    assert [type(each) for each in bench.failures] == [LookupError]


async def test_what_a_poll_returns_before_the_process_ends_is_not_handled_past_a_failure() -> None:
    failures = [LookupError()]

    async def step() -> None:
        if failures:
            raise failures.pop()

    bench = _Bench(step=step)
    await bench.take(_records(2))
    with capture_logs() as logs:
        await bench.take(_records(2, first=2))
    assert bench.slices == [], "the first two were not handled"
    assert [(line["reason"], line["first_offset"]) for line in logs] == [("failed", 2)]


async def test_a_partition_that_stops_has_nothing_in_flight_and_takes_nothing_until_it_goes_on() -> None:
    step = _HeldUp()
    bench = _Bench(batch_size=2, stops_at=2, step=step)
    bench.partition.take(_records(2))
    await step.begun.wait()
    bench.partition.take(_records(4, first=2))
    step.may_end.set()
    assert bench.partition.work is not None
    await bench.partition.work
    assert (bench.partition.fetched_bytes, bench.stops.partitions) == (0, {PLACE})
    bench.partition.take(_records(4, first=6))
    assert bench.partition.work.done(), "what was under way when it stopped is dropped"
    assert bench.partition.fetched_bytes == 0
    bench.partition.go_on()
    assert bench.consumer.sought == [0, 2], "where it began, and where it stopped"


async def test_all_that_a_loss_leaves_undone_is_told() -> None:
    bench = _Bench(batch_size=2, lost_from=2)
    with capture_logs() as logs:
        await bench.take(_records(6, size_bytes=1))
    await bench.partition.give_up(1)
    assert bench.slices == [[0, 1]]
    assert [line for line in logs if line["event"] == "batch.dropped"] == [
        {
            "event": "batch.dropped",
            "log_level": "info",
            "reason": "lost",
            "topic": "contact.ended",
            "partition": 0,
            "first_offset": 2,
            "last_offset": 5,
        }
    ]


# Giving up ------------------------------------------------------------------------------------------------------------


class _DeafTakingOver:
    """Loses its first cancellation, as `asyncio.wait_for` may, and needs some more of the loop to end."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), False

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        self.ended = True


async def test_taking_over_that_loses_its_cancellation_does_not_seek_for_the_next_holder() -> None:
    take_over = _DeafTakingOver()
    bench = _Bench(take_over=take_over)
    await take_over.begun.wait()
    await bench.partition.give_up(1)
    assert take_over.ended, "nothing of it goes on"
    assert bench.consumer.sought == []
