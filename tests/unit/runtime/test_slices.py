"""The room for slices in flight: how many run side by side, in which order, and what a slice holds."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import ConsumerRecord

from services.runtime.exactly_once.slices import MAX_SLICE_BYTES, MIN_SLICE_BYTES, ROOM_BYTES, Room
from services.runtime.kafka.assignment import Batch

BATCH_SIZE = 500


def _records(number: int, *, size_bytes: int = 900) -> list[Any]:
    value = b"x" * size_bytes
    return [ConsumerRecord("contact.ended", 0, at, 0, 0, None, value, None, 0, 0, ()) for at in range(number)]


async def _side_by_side(batch: Batch) -> int:
    """Return how many slices of as many partitions are in flight at once."""
    room = Room(BATCH_SIZE)
    async with AsyncExitStack() as in_flight:
        for begun in range(100):
            try:
                async with asyncio.timeout(0.01):
                    await in_flight.enter_async_context(room.slice_of(lambda: batch))
            except TimeoutError:
                return begun
    return 100


async def test_as_many_full_slices_are_in_flight_as_there_is_room_for() -> None:
    assert await _side_by_side(_records(BATCH_SIZE)) == ROOM_BYTES // MAX_SLICE_BYTES == 4


async def test_small_slices_of_every_partition_are_in_flight_at_once() -> None:
    assert await _side_by_side(_records(1)) == ROOM_BYTES // MIN_SLICE_BYTES == 12


async def test_a_slice_counts_for_its_bytes_where_those_are_many() -> None:
    assert await _side_by_side(_records(8, size_bytes=64 * 1024)) == 8


async def test_a_slice_heavier_than_all_room_runs_alone() -> None:
    assert await _side_by_side(_records(1, size_bytes=2 * ROOM_BYTES)) == 1


async def test_a_slice_that_waits_for_room_gathers_what_comes_meanwhile() -> None:
    room, waiting, taken = Room(BATCH_SIZE), _records(1), []

    async def wait() -> None:
        async with room.slice_of(lambda: waiting) as records:
            taken.append(len(records))

    async with AsyncExitStack() as in_flight:
        for _ in range(4):
            await in_flight.enter_async_context(room.slice_of(lambda: _records(BATCH_SIZE)))
        waits = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting += _records(9)
    await waits
    assert taken == [10]


async def test_slices_get_room_in_the_order_in_which_they_ask() -> None:
    room, order = Room(BATCH_SIZE), []

    async def wait(name: str, number: int) -> None:
        async with room.slice_of(lambda: _records(number)):
            order.append(name)

    async with AsyncExitStack() as in_flight:
        for _ in range(3):
            await in_flight.enter_async_context(room.slice_of(lambda: _records(BATCH_SIZE)))
        await in_flight.enter_async_context(room.slice_of(lambda: _records(1)))
        tasks = [asyncio.create_task(wait("full", BATCH_SIZE)), asyncio.create_task(wait("small", 1))]
        await asyncio.sleep(0.01)
        assert order == [], "the small one would fit, and does not keep the full one waiting for ever"
    await asyncio.gather(*tasks)
    assert order == ["full", "small"]


async def test_room_comes_back_from_a_slice_that_was_cancelled_or_waited_in_vain() -> None:
    room = Room(BATCH_SIZE)

    async def hold() -> None:
        async with room.slice_of(lambda: _records(BATCH_SIZE)):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hold()) for _ in range(6)]
    await asyncio.sleep(0.01)
    for each in tasks:
        each.cancel()
    await asyncio.wait(tasks)
    async with asyncio.timeout(1), AsyncExitStack() as in_flight:
        for _ in range(4):
            await in_flight.enter_async_context(room.slice_of(lambda: _records(BATCH_SIZE)))
