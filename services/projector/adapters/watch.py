"""What readiness says of Kafka and MongoDB while there is nothing to project; a batch in hand reports for itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka import AIOKafkaConsumer

from services.runtime.health import Health, Part

LOOK_SECONDS: Final = 1.0

SILENCE_SECONDS: Final = 10.0
"""A broker answers a fetch within half a second, also when there is nothing. Twenty missed answers are no accident."""


class Idleness:
    """Since when there is nothing to project."""

    def __init__(self) -> None:
        self._since: float | None = time.monotonic()

    def end(self) -> None:
        """There is a batch in hand."""
        self._since = None

    def begin(self) -> None:
        """The batch is done."""
        self._since = time.monotonic()

    @property
    def seconds(self) -> float | None:
        """How long it has lasted; None while a batch is in hand."""
        return None if self._since is None else time.monotonic() - self._since


async def watch(
    consumer: Callable[[], AIOKafkaConsumer],
    is_database_there: Callable[[], Awaitable[bool]],
    idleness: Idleness,
    health: Health,
    *,
    assignment_seconds: float,
) -> None:
    """Report every second, without end. A rebalance may leave us without partitions for `assignment_seconds`."""
    assigned_at = time.monotonic()
    while True:
        if consumer().assignment():
            assigned_at = time.monotonic()
        if idleness.seconds is not None:
            health.set(Part.KAFKA, _trouble(consumer(), idleness.seconds))
            if time.monotonic() - assigned_at > assignment_seconds:
                health.set(Part.KAFKA, "the consumer group gives no partitions")
            is_there = await is_database_there()
            # A batch that came meanwhile knows better.
            if idleness.seconds is not None:
                health.set(Part.MONGODB, None if is_there else "MongoDB does not answer.")
        await asyncio.sleep(LOOK_SECONDS)


def _trouble(consumer: AIOKafkaConsumer, idle_seconds: float) -> str | None:
    """Tell what is wrong when some partition has had no answer for too long. One never asked about is no such."""
    if idle_seconds < SILENCE_SECONDS:
        return None
    oldest_milliseconds = (time.time() - SILENCE_SECONDS) * 1000
    answered = [consumer.last_poll_timestamp(partition) for partition in consumer.assignment()]
    if any(moment is not None and moment < oldest_milliseconds for moment in answered):
        return f"no answer to a fetch for {SILENCE_SECONDS:.0f} seconds"
    return None
