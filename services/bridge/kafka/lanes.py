"""Lanes: each handles one record at a time. All records of one klantcontact or partij go to one lane, in their order.

The bridge commits each partition up to the first record that is not done. So after a crash it handles some records
again, and leaves none out.
"""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from aiokafka import TopicPartition

from services.bridge.triggers import Asking
from services.runtime.kafka.records import Record

MAX_WAITING: Final = 1_000
"""Records that wait in all lanes. Each holds ids alone: its value is dropped when it is read."""

Handling = Callable[[Asking, Record], Awaitable[None]]


@dataclass(slots=True)
class Done:
    """How far one partition is done."""

    under_way: list[int] = field(default_factory=list)
    """The offsets that are not done, in order."""
    next_offset: int = 0
    """Behind the last record that was taken."""

    def take(self, offset: int) -> None:
        """Note that a record is under way."""
        insort(self.under_way, offset)
        self.next_offset = offset + 1

    def finish(self, offset: int) -> None:
        """Note that a record is done."""
        self.under_way.remove(offset)

    @property
    def committable(self) -> int:
        """The offset up to which everything is done."""
        return self.under_way[0] if self.under_way else self.next_offset


class Lanes:
    """Handles records, several at once."""

    def __init__(self, number: int, handle: Handling) -> None:
        self._handle = handle
        self._queues: list[deque[tuple[Asking, Record]]] = [deque() for _ in range(number)]
        self._arrived = [asyncio.Event() for _ in range(number)]
        self._moved = asyncio.Event()
        self._partitions: dict[TopicPartition, Done] = {}
        self._ends = False

    def take(self, record: Record, asking: Asking | None) -> None:
        """Put a record into the lane of its klantcontact or partij. A record that asks nothing is done."""
        done = self._partitions.setdefault(record.place, Done())
        done.take(record.offset)
        if asking is None:
            done.finish(record.offset)
            return
        lane = crc32(asking.id.encode()) % len(self._queues)
        self._queues[lane].append((asking, record))
        self._arrived[lane].set()

    async def room(self) -> None:
        """Wait until more may be taken."""
        while self.waiting >= MAX_WAITING:
            self._moved.clear()
            await self._moved.wait()

    @property
    def waiting(self) -> int:
        """How many records wait in the lanes."""
        return sum(map(len, self._queues))

    def committable(self) -> dict[TopicPartition, int]:
        """Return the offset up to which each partition is done."""
        return {place: done.committable for place, done in self._partitions.items()}

    def forget(self) -> None:
        """Drop the records that wait: we, or another instance, read the partitions again from their committed offsets.

        A record under way ends by itself, and does not count as done.
        """
        self._partitions = {}
        for queue in self._queues:
            queue.clear()
        self._moved.set()

    def end(self) -> None:
        """End each lane after the record that it handles now."""
        self._ends = True
        for arrived in self._arrived:
            arrived.set()

    def running(self) -> Sequence["asyncio.Task[None]"]:
        """Start the lanes, and return their tasks."""
        return [asyncio.create_task(self._run(number)) for number in range(len(self._queues))]

    async def _run(self, number: int) -> None:
        queue, arrived = self._queues[number], self._arrived[number]
        while not self._ends:
            if not queue:
                arrived.clear()
                await arrived.wait()
                continue
            asking, record = queue.popleft()
            partitions = self._partitions
            self._moved.set()
            await self._handle(asking, record)
            if partitions is self._partitions:
                partitions[record.place].finish(record.offset)
