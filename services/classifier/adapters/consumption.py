"""The classifier's consumption from its start to its end."""

from functools import partial
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.classifier.adapters.holding import Means
from services.classifier.adapters.kafka_partitions import KafkaPartitions
from services.classifier.adapters.kafka_publisher import KafkaPublisher
from services.classifier.adapters.writer_health import WriterHealth
from services.classifier.handler import Handler
from services.runtime.ending import Ending
from services.runtime.kafka import clients
from services.runtime.kafka.assignment import Reading
from services.runtime.kafka.group import Membership
from services.runtime.observe.health import Health
from services.runtime.settings import Settings

MAX_RECORDS: Final = 10_000
"""Of one fetch. `services.runtime.kafka.clients` bounds its bytes as they were compressed, normally to some thousands
of contacts; this bounds what they are once they are Python objects: about 1 kB more each."""

REVOCATION_SHARE: Final = 0.5
"""Of the session: how long what is in flight may take when partitions are revoked. The group waits for us as long as a
session lasts, and then goes on without us; closing the writers has to fit in as well."""

ABANDON_SHARE: Final = 0.2
"""Of the session: how long it may take to cancel what was not finished in that time."""

VERDICT_SHARE: Final = 0.5
"""Of the session: how long after a loss we have certainly heard whether we are still a member. There are three
heartbeats a session."""


class Consumption:
    """Handles what arrives on `contact.ended` within its block, as `Membership` does."""

    def __init__(self, settings: Settings, *, handler: Handler, health: Health, ending: Ending) -> None:
        self._settings = settings
        self._ending = ending
        self._writer_health = WriterHealth(health)
        session_seconds = settings.session_timeout_ms / 1000
        means = Means(
            handler=handler,
            consumer=self._consumer,
            make_publisher=self._make_publisher,
            teller=self._writer_health.teller,
            fail=ending.fail,
            batch_size=settings.batch_size,
            revocation_seconds=session_seconds * REVOCATION_SHARE,
            abandon_seconds=session_seconds * ABANDON_SHARE,
            verdict_seconds=session_seconds * VERDICT_SHARE,
        )
        self._partitions = KafkaPartitions(means)
        health.describe("producers", self._partitions.facts)
        reading = Reading(
            topics=[settings.contact_topic],
            group=settings.classifier_group,
            max_records=MAX_RECORDS,
            handle=self._partitions.handle,
            finish=self._partitions.stop,
            tells_of_kafka=lambda: self._writer_health.is_troubled,
            assignment=self._partitions,
        )
        self._membership = Membership(settings, reading, health, ending)

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is in hand."""
        return self._partitions.is_idle

    async def __aenter__(self) -> Self:
        await self._membership.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._membership.__aexit__()

    def _consumer(self) -> AIOKafkaConsumer:
        return self._membership.consumer()

    def _make_publisher(self, partition: TopicPartition) -> KafkaPublisher:
        return KafkaPublisher(
            make_producer=partial(clients.transactional_producer, self._settings),
            group=self._settings.classifier_group,
            partition=partition,
            topics=[topic for topic in self._settings.topics if topic != self._settings.contact_topic],
            tell_trouble=self._writer_health.teller(partition),
            end_with=self._ending.end_with,
        )
