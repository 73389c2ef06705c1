"""The partitions that have stopped, as long as the group leaves them to us."""

import asyncio
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final

import pymongo
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.runtime.errors import TransientFailure
from services.runtime.observe import metrics
from services.runtime.observe.health import Health, Part
from services.runtime.stops.stop import Meeting, Stop, StopStore

log = structlog.get_logger()

STOPPED_LOOK_SECONDS: Final = 2.0
"""The pause between two looks for an operator's instruction while a partition has stopped."""

LOOK_SECONDS: Final = 15.0
"""The pause between two looks for stops that the group has passed."""

PATIENCE_SECONDS: Final = 2.0
"""Patience with one look. The next one comes soon, and nothing is fetched meanwhile."""


class Stops:
    """The stops of one assignment. After a rebalance another object takes its place, and each stop is met again."""

    def __init__(self, health: Health, store: StopStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._health = health
        self._store = store
        self._clock = clock
        self._by_place: dict[TopicPartition, Stop] = {}
        self._going_on: dict[TopicPartition, int] = {}
        self._has_ended = False
        self._looked = -LOOK_SECONDS

    @property
    def partitions(self) -> AbstractSet[TopicPartition]:
        """The partitions of which no record is handled now."""
        return self._by_place.keys() | self._going_on.keys()

    async def meet(self, stop: Stop) -> Meeting:
        """Record a stop, and return whether its record is to be skipped. Raises TransientFailure."""
        return Meeting.STOP if self._has_ended else await self._store.meet(stop, begins=True)

    def add(self, stop: Stop) -> bool:
        """Show a stop in readiness, log and metrics. Return False, and do nothing, once the assignment has ended."""
        if self._has_ended:
            return False
        self._by_place[stop.place] = stop
        self._health.set(Part.SERVICE, str(stop), by=_reporter(stop.place))
        self._measure()
        log.error(
            "partition.stopped",
            topic=stop.topic,
            partition=stop.partition,
            offset=stop.offset,
            reasons=list(stop.reasons),
        )
        return True

    def pass_over(self, stop: Stop) -> bool:
        """Have the partition go on behind a record that was skipped. Return False once the assignment has ended."""
        if not self._has_ended:
            self._going_on[stop.place] = stop.offset + 1
        return not self._has_ended

    def going_on(self) -> Mapping[TopicPartition, int]:
        """Return the partitions that go on now, each with its next offset. They have not stopped any more."""
        going_on, self._going_on = self._going_on, {}
        for place in going_on:
            if self._by_place.pop(place, None) is not None:
                self._health.leave(Part.SERVICE, by=_reporter(place))
        self._measure()
        return going_on

    async def look(self, consumer: AIOKafkaConsumer) -> None:
        """Look now and then for instructions of operators, and remove the stops that the group has passed."""
        pause = STOPPED_LOOK_SECONDS if self._by_place else LOOK_SECONDS
        if self._has_ended or self._clock() - self._looked < pause:
            return
        self._looked = self._clock()
        with suppress(TransientFailure, KafkaError, TimeoutError), pymongo.timeout(PATIENCE_SECONDS):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._look(consumer)

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        for each in await self._store.known():
            place = each.stop.place
            here = self._by_place.get(place)
            if here is not None and here.offset == each.stop.offset:
                if each.skip is not None:
                    self._going_on[place] = here.offset
            elif place in consumer.assignment() and (await consumer.committed(place) or 0) > each.stop.offset:
                await self._store.forget(each.stop)

    def end(self) -> None:
        """The group divides the partitions anew: the instance that gets one meets its stop again."""
        self._has_ended = True
        for place in self._by_place:
            self._health.leave(Part.SERVICE, by=_reporter(place))
        self._by_place.clear()
        self._going_on.clear()
        self._measure()

    def _measure(self) -> None:
        metrics.STOPPED.set(len(self._by_place))


def _reporter(place: TopicPartition) -> str:
    return f"partition {place.partition} of {place.topic}"
