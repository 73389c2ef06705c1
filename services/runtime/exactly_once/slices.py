"""How fetched records become slices, and how many slices run at once. The handler judges and publishes a slice as one.

The slices in flight are bounded in bytes. A usual contact counts as its share of a full slice. So four full slices run
side by side, or twelve small ones.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from services.runtime.exactly_once.ports import LEAST_SHARE
from services.runtime.kafka.assignment import Batch
from services.runtime.kafka.records import light_parts, value_bytes

log = structlog.get_logger()

MAX_SLICE_BYTES: Final = 1024 * 1024
"""Of the records of one slice. A contact usually causes up to fifty times its own size, which is in memory until it is
published. 500 contacts of 2 kB are still one slice; of the largest that may be sent, 16 are."""

MIN_SLICE_BYTES: Final = int(MAX_SLICE_BYTES * LEAST_SHARE)
"""The least that a slice counts for: each costs some ten round trips whatever is in it. A slice that waits for room
gathers what comes meanwhile."""

ROOM_BYTES: Final = 4 * MAX_SLICE_BYTES
"""Of the slices in flight: while one waits for MongoDB or Kafka the others compute. More full ones bring nothing on one
core, and each holds its contacts in memory."""


class Room:
    """The room for slices in flight, over all partitions. They get it in the order in which they ask."""

    def __init__(self, batch_size: int) -> None:
        """`batch_size`: the most contacts of one slice."""
        self._batch_size = batch_size
        self._least_bytes = MAX_SLICE_BYTES // batch_size
        self._taken_bytes = 0
        self._turn = asyncio.Lock()
        self.freed = asyncio.Event()
        """Set each time that records are handled or dropped. A waiter clears it when it has found too little room."""

    def weight(self, records: Batch) -> int:
        """Return what records count for, in bytes: a small one as its share of a full slice."""
        return sum(max(value_bytes(record), self._least_bytes) for record in records)

    @asynccontextmanager
    async def slice_of(self, waiting: Callable[[], Batch]) -> AsyncIterator[Batch]:
        """Wait for room, and provide the first slice of what waits then. It has its room until the block ends."""
        async with self._turn:
            while True:
                first = first_slice(waiting(), self._batch_size)
                taking = min(max(self.weight(first), MIN_SLICE_BYTES), ROOM_BYTES)
                if self._taken_bytes + taking <= ROOM_BYTES:
                    break
                self.freed.clear()
                await self.freed.wait()
            self._taken_bytes += taking
        try:
            yield first
        finally:
            self._taken_bytes -= taking
            self.freed.set()


def first_slice(records: Batch, size: int) -> Batch:
    """Cut the first slice off. All are about as long: a short rest costs as much as a full slice. One that is too heavy
    is cut again.
    """
    slices = -(-len(records) // size)
    return next(light_parts(records[: len(records) // slices], MAX_SLICE_BYTES)) if slices else records


def log_dropped(records: Batch, *, reason: str) -> None:
    """Log records that will be fetched again, here or elsewhere."""
    log.info(
        "batch.dropped",
        reason=reason,
        topic=records[0].topic,
        partition=records[0].partition,
        first_offset=records[0].offset,
        last_offset=records[-1].offset,
    )
