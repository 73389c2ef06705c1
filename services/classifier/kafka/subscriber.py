"""The classifier's consumption from its start to its end.

The partitions that this instance holds, as the consumer group gives and takes them.

On assignment each partition begins to be taken over (`holding`). The listener does not wait for that: it would keep the
heartbeat from starting. On revocation nothing new is begun, what is in flight gets some time and is then cancelled, and
the writers are closed; all of that before the listener returns, since the group waits for it.

What readiness says of the writers of the partitions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.classifier.handler import Handler
from services.classifier.kafka.partition import Holding, Means, tell_dropped
from services.classifier.kafka.publisher import KafkaPublisher
from services.runtime.ending import Ending
from services.runtime.kafka import clients
from services.runtime.kafka.assignment import Assignment, Fetch, Reading, by_partition
from services.runtime.kafka.group import Membership
from services.runtime.observe.health import Facts, Health, Part
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


log = structlog.get_logger()

SLICES_AT_ONCE: Final = 4
"""Batches of different partitions handled side by side: while one waits for MongoDB or Kafka the others compute.
More bring nothing on one core, and each holds its contacts in memory."""


class KafkaPartitions(Assignment):
    """Listens to the group, and hands what is fetched to the partition that it is of."""

    def __init__(self, means: Means) -> None:
        super().__init__()
        self._means = means
        self._slots = asyncio.Semaphore(SLICES_AT_ONCE)
        self._holdings: dict[TopicPartition, Holding] = {}
        self._stopping = False

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is going on."""
        return all(holding.is_idle for holding in self._holdings.values())

    def facts(self) -> Facts:
        """Give what readiness shows of the writers: one for each partition, which has to take it over first."""
        taken_over = [holding.is_taken_over for holding in self._holdings.values()]
        return {"ready": taken_over.count(True), "taking_over": taken_over.count(False)}

    # The group

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish or abandon everything. A group with an eager protocol revokes all there is."""
        await super().on_partitions_revoked(revoked)
        await self._failing(self._give_up(self._means.revocation_seconds))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin to take the partitions over."""
        await self._failing(self._take(assigned))
        await super().on_partitions_assigned(assigned)

    async def stop(self, seconds: float) -> None:
        """Finish or abandon everything within that time, and take nothing more."""
        self._stopping = True
        await self._give_up(seconds)

    async def _failing(self, step: Awaitable[None]) -> None:
        """Do a step of the listener, of which aiokafka swallows the exceptions."""
        try:
            await step
        except Exception as error:  # noqa: BLE001 - it is handed on
            self._means.fail(error)

    async def _take(self, assigned: Iterable[TopicPartition]) -> None:
        if self._stopping:
            return
        assert not self._holdings, "everything is revoked before anything is assigned"
        for partition in sorted(assigned):
            self._holdings[partition] = Holding(partition, self._means, self._slots, self.backlog)
        log.info("partitions.assigned", partitions=[partition.partition for partition in self._holdings])

    async def _give_up(self, seconds: float) -> None:
        holdings, self._holdings = list(self._holdings.values()), {}
        finished = await asyncio.gather(*(holding.give_up(seconds) for holding in holdings))
        if holdings:
            log.info(
                "partitions.given_up",
                partitions=[holding.partition.partition for holding in holdings],
                abandoned=finished.count(False),
            )

    # The records

    async def handle(self, fetch: Fetch) -> None:
        """Handle what was fetched, partition by partition side by side; returns when all of it is done or dropped.

        Raises what the handler raises, in an exception group.
        """
        async with asyncio.TaskGroup() as group:
            for partition, batch in by_partition(fetch):
                holding = self._holdings.get(partition)
                if holding is None:
                    tell_dropped(batch, reason="not assigned")
                else:
                    holding.work = group.create_task(holding.handle(batch))


class WriterHealth:
    """Gathers what the writers tell: Kafka is well for them when none of them has anything to say."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._in_trouble: set[TopicPartition] = set()

    @property
    def is_troubled(self) -> bool:
        """Say whether some writer is in trouble."""
        return bool(self._in_trouble)

    def teller(self, partition: TopicPartition) -> Callable[[str | None], None]:
        """Give the function that takes what is wrong with the writer of a partition, or None."""

        def tell(trouble: str | None) -> None:
            if trouble is None:
                self._in_trouble.discard(partition)
            else:
                self._in_trouble.add(partition)
                self._health.set(Part.KAFKA, trouble)

        return tell
