"""The classifier's consumption from its start to its end."""

import asyncio
from functools import partial
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.classifier.adapters.holding import Means
from services.classifier.adapters.kafka_health import KafkaHealth
from services.classifier.adapters.kafka_partitions import KafkaPartitions
from services.classifier.adapters.kafka_publisher import KafkaPublisher
from services.classifier.adapters.subscriber import subscribe
from services.classifier.adapters.tolerant_records import tolerate_header_names
from services.classifier.handler import Handler
from services.runtime import kafka
from services.runtime.ending import Ending
from services.runtime.errors import TransientFailure
from services.runtime.health import Health, Part
from services.runtime.kafka import LIBRARY_LOGGER
from services.runtime.loop_failures import LoopFailures
from services.runtime.settings import Settings

log = structlog.get_logger()

REVOCATION_SHARE: Final = 0.5
"""Of the session: how long what is in flight may take when partitions are revoked. The group waits for us as long as a
session lasts, and then goes on without us; closing the writers has to fit in as well."""

ABANDON_SHARE: Final = 0.2
"""Of the session: how long it may take to cancel what was not finished in that time."""

VERDICT_SHARE: Final = 0.5
"""Of the session: how long after a loss we have certainly heard whether we are still a member. There are three
heartbeats a session."""

DRAIN_SHARE: Final = 0.7
"""Of the time for shutting down: how long what is in flight may take. The rest is for closing the writers and
leaving the group."""


class Consumption:
    """Handles what arrives on `contact.ended` within its block; on leaving it, finishes what is in flight.

    What nobody can handle goes to `ending`. Entering raises TransientFailure when Kafka goes away meanwhile.
    """

    def __init__(self, settings: Settings, *, handler: Handler, health: Health, ending: Ending) -> None:
        self._settings = settings
        self._ending = ending
        session_seconds = settings.session_timeout_ms / 1000
        self._health = KafkaHealth(health, assignment_seconds=session_seconds)
        tolerate_header_names()
        self._loop_failures = LoopFailures(ending.fail)
        self._broker = kafka.broker(settings)
        means = Means(
            handler=handler,
            consumer=self._consumer,
            make_publisher=self._make_publisher,
            fail=ending.fail,
            batch_size=settings.batch_size,
            revocation_seconds=session_seconds * REVOCATION_SHARE,
            abandon_seconds=session_seconds * ABANDON_SHARE,
            verdict_seconds=session_seconds * VERDICT_SHARE,
        )
        self._partitions = KafkaPartitions(means)
        self._subscriber = subscribe(
            self._broker, settings, listener=self._partitions, handle=self._partitions.handle, fail=ending.fail
        )
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        LIBRARY_LOGGER.addHandler(self._loop_failures)
        try:
            await self._ending.unless(self._join())
        except BaseException:
            await self._leave()
            raise
        self._watch = asyncio.create_task(self._keep_watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _keep_watch(self) -> None:
        try:
            await self._health.watch(self._consumer, self._partitions)
        except Exception as error:  # noqa: BLE001 - without it readiness would say for ever what it said last
            self._ending.fail(error)

    async def _join(self) -> None:
        try:
            await self._broker.start()
        except KafkaError as error:
            raise TransientFailure("Kafka stopped answering while we joined the group.", part=Part.KAFKA) from error

    async def _leave(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await self._partitions.stop(seconds=self._settings.shutdown_seconds * DRAIN_SHARE)
        try:
            async with asyncio.timeout(self._settings.shutdown_seconds * (1 - DRAIN_SHARE)):
                await self._broker.stop()
        except TimeoutError:
            log.warning("group.not_left", reason="Kafka does not answer")
        LIBRARY_LOGGER.removeHandler(self._loop_failures)

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        assert consumer is not None, "it is there before the first partition is assigned"
        return consumer

    def _make_publisher(self, partition: TopicPartition) -> KafkaPublisher:
        return KafkaPublisher(
            make_producer=partial(kafka.transactional_producer, self._settings),
            group=self._settings.classifier_group,
            partition=partition,
            topics=[topic for topic in self._settings.topics if topic != self._settings.contact_topic],
            tell_trouble=self._health.teller(partition),
        )
