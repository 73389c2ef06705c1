"""What readiness says of the consumer group: whether it gives us partitions, and whether Kafka answers our fetches."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer

from services.runtime.health import LOOK_SECONDS, Health, Part
from services.runtime.reading import Reading

SILENCE_SECONDS: Final = 10.0
"""A broker answers a fetch within half a second, also when there is nothing. Twenty missed answers are no accident."""


class GroupHealth:
    """Looks at the consumer once a second."""

    def __init__(self, health: Health, reading: Reading, *, assignment_seconds: float) -> None:
        """Take as `assignment_seconds` how long a rebalance may leave us without partitions."""
        self._health = health
        self._reading = reading
        self._assignment_seconds = assignment_seconds
        self._handling = False
        self._known_at = self._asking_since = time.monotonic()

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Let a fetch be handled within the block. aiokafka asks for no more than it may keep meanwhile."""
        self._handling = True
        try:
            yield
        finally:
            self._handling = False
            self._asking_since = time.monotonic()

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        """Tell readiness every second, without end."""
        while True:
            self._look(consumer())
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, consumer: AIOKafkaConsumer) -> None:
        now = time.monotonic()
        if self._reading.assignment.is_known:
            self._known_at = now
        if self._handling or consumer.paused():
            self._asking_since = now
        if self._reading.tells_of_kafka():
            return
        if now - self._known_at > self._assignment_seconds:
            self._health.set(Part.KAFKA, "the consumer group gives no partitions")
        elif self._reading.assignment.is_known:
            is_silent = now - self._asking_since > SILENCE_SECONDS and _some_silent(consumer)
            self._health.set(
                Part.KAFKA, f"no answer to a fetch for {SILENCE_SECONDS:.0f} seconds" if is_silent else None
            )


def _some_silent(consumer: AIOKafkaConsumer) -> bool:
    """Say whether some partition has had no answer for too long. One that was never asked about is no such."""
    oldest_milliseconds = (time.time() - SILENCE_SECONDS) * 1000
    answered = [consumer.last_poll_timestamp(partition) for partition in consumer.assignment()]
    return any(moment is not None and moment < oldest_milliseconds for moment in answered)
