"""A member of a consumer group: it joins, polls, hands over what it fetched, reports how that goes, and leaves.

FastStream connects, logs in, joins and leaves (`group_broker.py`); the poll is ours.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.runtime.ending import Ending
from services.runtime.errors import TransientFailure
from services.runtime.kafka.assignment import Assignment, Fetched
from services.runtime.kafka.errors import missing_right
from services.runtime.kafka.group_broker import Subscription, group_broker, subscribe
from services.runtime.kafka.health import GroupHealth, TopicHealth
from services.runtime.kafka.lag import LagWatch
from services.runtime.observe.failures import type_name
from services.runtime.observe.health import Facts, Health, Part
from services.runtime.settings import Settings
from services.runtime.waiting import pauses, until_answered

log = structlog.get_logger()

POLL_MS: Final = 500
"""How long one poll waits for a first record. It returns at once when there is one."""

SHORT_POLL_MS: Final = 20
"""The same while a partition is left out of the poll, which then can't see that it wants records again."""

LITTLE: Final = 50
"""A poll with fewer records than this returned little."""

FETCH_PAUSE_SECONDS: Final = 0.01
"""From a poll that returned little to the next one, at least. aiokafka sends its next fetch when the last one is
polled, so without a pause each record that comes alone costs a fetch of all partitions."""

DRAIN_SHARE: Final = 0.7
"""Of the time for shutting down: how long batches in flight may take. The rest is for leaving the group."""


class Reader(Assignment, ABC):
    """What a service does with the partitions that its group assigns, and with their records."""

    @abstractmethod
    async def handle(self, fetched: Fetched) -> None:
        """Handle what one poll returned; the next poll follows when this returns. What it raises ends the process."""

    async def between_polls(self, consumer: AIOKafkaConsumer) -> None:
        """Do what must not happen while records are fetched."""

    async def room(self) -> None:
        """Wait until the next poll may come."""

    @abstractmethod
    async def finish(self, seconds: float) -> None:
        """Finish the batches in flight before we leave the group; leave undone what takes longer than that."""


class Group:
    """Our place in one consumer group."""

    def __init__(self, settings: Settings, subscription: Subscription, health: Health, ending: Ending) -> None:
        self._settings = settings
        self._subscription = subscription
        self._health = health
        self._ending = ending
        self._broker: KafkaBroker | None = None
        self._subscriber: BatchSubscriber | None = None
        self._leaving = False

    def consumer(self) -> AIOKafkaConsumer:
        """Return the consumer that is in the group. It exists from before the first assignment until we leave."""
        consumer = self._subscriber and self._subscriber.consumer
        assert consumer is not None, "asked for outside the group"
        return consumer

    @asynccontextmanager
    async def reading(self, reader: Reader) -> AsyncIterator[None]:
        """Read within the block; on leaving it, finish what is in flight.

        What nobody can handle goes to `ending`. When Kafka goes away while we join, we join again, and readiness says
        so. Raises InvalidSettings when it does not let this user into the group.
        """
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._ending.unless(until_answered(partial(self._join, reader), self._health))
            if not self._ending.asked:
                tasks = self._begin(reader)
            yield
        finally:
            self._leaving = True
            await self._leave(reader, tasks)

    async def _join(self, reader: Reader) -> None:
        """Join with a broker of FastStream's, which starts once. Raises TransientFailure when Kafka goes away."""
        self._broker = group_broker(self._settings)
        self._subscriber = subscribe(self._broker, self._settings, self._subscription, reader)
        try:
            await self._broker.start()
        except KafkaError as error:
            if told := missing_right(error):
                raise told from error
            if not error.retriable:
                raise
            await self._stop_broker()
            raise TransientFailure("Kafka stopped answering while we joined the group.", part=Part.KAFKA) from error

    def _begin(self, reader: Reader) -> list[asyncio.Task[None]]:
        """Start to poll and to watch. Without a watch readiness would for ever say what it said last."""
        assignment_seconds = self._settings.session_timeout_ms / 1000
        group_health = GroupHealth(self._health, reader, assignment_seconds=assignment_seconds)
        topic_health = TopicHealth(self._health, (*self._subscription.topics, *self._subscription.writes_to))
        lag = LagWatch(reader, self._settings)
        self._health.describe(Part.KAFKA, lambda: self._facts(group_health, lag))
        tasks = [
            asyncio.create_task(self._poll(reader, group_health)),
            asyncio.create_task(group_health.watch(self.consumer)),
            asyncio.create_task(topic_health.watch(self.consumer)),
            asyncio.create_task(lag.watch(self.consumer)),
        ]
        for task in tasks:
            task.add_done_callback(self._ending.end_with)
        return tasks

    async def _poll(self, reader: Reader, group_health: GroupHealth) -> None:
        passing = pauses()
        while not self._ends:
            group_health.polling()
            await reader.between_polls(self.consumer())
            with group_health.handling():
                await reader.room()
            try:
                fetched = await self._fetched(reader)
            except KafkaError as error:
                if told := missing_right(error):
                    raise told from error
                if not error.retriable:
                    raise
                log.warning("poll.failed", error=type_name(error))
                await asyncio.sleep(next(passing))
                continue
            passing = pauses()
            next_poll_at = time.monotonic() + FETCH_PAUSE_SECONDS
            if fetched and not self._ends:
                reader.backlog.take(fetched)
                with group_health.handling():
                    await reader.handle(fetched)
                if sum(map(len, fetched.values())) < LITTLE:
                    await asyncio.sleep(max(0.0, next_poll_at - time.monotonic()))

    async def _fetched(self, reader: Reader) -> Fetched:
        """Poll the partitions that may have more in flight.

        The records of the others stay in the fetcher. To pause those partitions would drop them. Records that are there
        are taken at once: aiokafka has one fetch under way to a broker, and leaves out a partition whose last records
        still lie in the fetcher.
        """
        assigned = self.consumer().assignment()
        places = [each for each in assigned if not reader.is_full(each)]
        most = self._subscription.max_records
        fetched: Fetched
        if len(places) == len(assigned):
            fetched = await self.consumer().getmany(timeout_ms=POLL_MS, max_records=most)
        else:
            fetched = await self.consumer().getmany(*places, timeout_ms=SHORT_POLL_MS, max_records=most)
        return fetched

    @property
    def _ends(self) -> bool:
        return self._leaving or self._ending.asked

    async def _leave(self, reader: Reader, tasks: Sequence[asyncio.Task[None]]) -> None:
        await reader.finish(self._settings.shutdown_seconds * DRAIN_SHARE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stop_broker()

    async def _stop_broker(self) -> None:
        if self._broker is None:
            return
        try:
            async with asyncio.timeout(self._settings.shutdown_seconds * (1 - DRAIN_SHARE)):
                await self._broker.stop()
        except TimeoutError:
            log.warning("group.not_left", reason="Kafka does not answer")

    def _facts(self, group_health: GroupHealth, lag: LagWatch) -> Facts:
        in_group = self._subscriber and self._subscriber.consumer
        return {**(group_health.facts(in_group) if in_group else {}), **lag.facts()}
