"""Retries what a batch asks of MongoDB, as long as MongoDB is away."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka import TopicPartition

from services.runtime.clock import Clock
from services.runtime.errors import TransientFailure
from services.runtime.observe import metrics
from services.runtime.observe.health import Health, Part
from services.runtime.waiting import pauses

T = TypeVar("T")


class Patience:
    """Retries without end, and tells readiness which batch waits."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock

    async def __call__(self, place: TopicPartition, work: Callable[[], Awaitable[T]]) -> T:
        """Retry the work of a batch while it raises TransientFailure, and return its result."""
        batch = f"batch of partition {place.partition} of {place.topic}"
        with self._health.reporting(Part.MONGODB, by=batch) as report:
            for pause_seconds in pauses():
                try:
                    done = await work()
                except TransientFailure as failure:
                    metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                    report(str(failure))
                else:
                    report(None)
                    return done
                await self._clock.sleep(pause_seconds)
        raise AssertionError("pauses have no end")
