"""Being a member of a consumer group: joining it, telling readiness how it goes, and leaving it."""

import asyncio
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.runtime import kafka
from services.runtime.ending import Ending
from services.runtime.errors import TransientFailure
from services.runtime.group_health import GroupHealth
from services.runtime.health import Facts, Health, Part
from services.runtime.kafka import LIBRARY_LOGGER
from services.runtime.kafka_rights import missing_right
from services.runtime.lag import LagWatch
from services.runtime.polling import LoopFailures, subscribe
from services.runtime.reading import Fetch, Reading
from services.runtime.settings import Settings

log = structlog.get_logger()

DRAIN_SHARE: Final = 0.7
"""Of the time for shutting down: how long what is in flight may take. The rest is for leaving the group."""


class Membership:
    """Reads as a member of the group within its block; on leaving it, finishes what is in flight.

    What nobody can handle goes to `ending`. Entering raises TransientFailure when Kafka goes away meanwhile, and
    InvalidSettings when it does not let this user into the group.
    """

    def __init__(self, settings: Settings, reading: Reading, health: Health, ending: Ending) -> None:
        self._shutdown_seconds = settings.shutdown_seconds
        self._reading = reading
        self._group = GroupHealth(health, reading, assignment_seconds=settings.session_timeout_ms / 1000)
        self._lag = LagWatch(reading.assignment)
        self._health = health
        self._ending = ending
        self._broker = kafka.broker(settings)
        self._subscriber = subscribe(
            self._broker, settings, reading, handle=self._handle, polling=self._group.polling, fail=ending.fail
        )
        self._loop_failures = LoopFailures(lambda error: ending.fail(missing_right(error) or error))
        self._watches: list[asyncio.Task[None]] = []

    def consumer(self) -> AIOKafkaConsumer:
        """Give the consumer that is in the group."""
        consumer = self._subscriber.consumer
        assert consumer is not None, "it is there from before the first assignment until we leave"
        return consumer

    async def __aenter__(self) -> Self:
        LIBRARY_LOGGER.addHandler(self._loop_failures)
        try:
            await self._ending.unless(self._join())
        except BaseException:
            await self._leave()
            raise
        if not self._ending.asked:
            self._watches = [
                asyncio.create_task(self._group.watch(self.consumer)),
                asyncio.create_task(self._lag.watch(self.consumer)),
            ]
            for watch in self._watches:
                # Without it readiness would say for ever what it said last.
                watch.add_done_callback(self._ending.end_with)
            self._health.describe(Part.KAFKA, self._facts)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _join(self) -> None:
        try:
            await self._broker.start()
        except KafkaError as error:
            if told := missing_right(error):
                raise told from error
            raise TransientFailure("Kafka stopped answering while we joined the group.", part=Part.KAFKA) from error

    async def _leave(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await self._reading.finish(self._shutdown_seconds * DRAIN_SHARE)
        try:
            async with asyncio.timeout(self._shutdown_seconds * (1 - DRAIN_SHARE)):
                await self._broker.stop()
        except TimeoutError:
            log.warning("group.not_left", reason="Kafka does not answer")
        LIBRARY_LOGGER.removeHandler(self._loop_failures)

    async def _handle(self, fetch: Fetch) -> None:
        self._reading.assignment.backlog.take(fetch)
        with self._group.handling():
            await self._reading.handle(fetch)

    def _facts(self) -> Facts:
        consumer = self._subscriber.consumer
        group = {} if consumer is None else self._group.facts(consumer)
        return {**group, **self._lag.facts()}
