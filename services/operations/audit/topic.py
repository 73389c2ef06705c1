"""The topic of the audit trail: appending to it without a fork, and reading it.

One transactional id belongs to the topic. Starting a producer with it ends the open transaction of the one before it
and fences that one for good. So from the start until the commit nobody else appends, and the newest committed record
that is read in between is the newest there is. A producer that was fenced has appended nothing, and starts again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, LeaderNotAvailableError, NoError, for_code
from aiokafka.protocol.offset import OffsetRequest

from services.operations.audit.chain import Entry, UnreadableEntry, entry_in
from services.runtime.errors import InvalidSettings
from services.runtime.exactly_once.kafka_20734 import CoordinatorConnection, last_end, repeat_end
from services.runtime.kafka.clients import range_consumer, transactional_producer
from services.runtime.kafka.errors import unreached
from services.runtime.settings import Settings

PARTITION: Final = 0
"""The only one: a chain has one order."""

EARLIEST: Final = -2
LATEST: Final = -1
UNCOMMITTED: Final = 0
COMMITTED: Final = 1
NO_REPLICA: Final = -1
"""Kafka's own numbers in a question for an offset."""

STOP_SECONDS: Final = 2.0
"""Patience with a client that stops. The next producer fences this one in any case."""

TAIL: Final = 8
"""Offsets that are read from the end first. The newest record lies before the marks of some transactions."""

WIDER: Final = 16
"""How many times more offsets each next look takes, behind a row of marks."""

STABLE_SECONDS: Final = 0.02
"""Before asking again whether the end is stable, after a transaction that Kafka is still completing."""

FETCH_MILLISECONDS: Final = 10
"""Patience with one fetch. A fetch that finds only the mark of a transaction would wait all of it."""


class AuditWriter:
    """Appends to the trail, as the only one that can. Its methods raise a KafkaError."""

    def __init__(self, settings: Settings, producer: AIOKafkaProducer, leader: int) -> None:
        """`leader`: the broker that has the partition."""
        self._settings = settings
        self._producer = producer
        self._leader = leader
        self._place = TopicPartition(settings.audit_topic, PARTITION)

    async def newest(self) -> Entry | None:
        """Return the newest record of the topic that can be read as one."""
        first, end = await self._offset(EARLIEST, COMMITTED), await self._stable_end()
        if end <= first:
            return None
        async with _consumer(self._settings) as consumer:
            consumer.assign([self._place])
            span = TAIL
            while True:
                found = await self._read(consumer, max(first, end - span), end)
                if found or end - span <= first:
                    return found[-1] if found else None
                span *= WIDER

    async def append(self, entries: Sequence[Entry]) -> None:
        """Append records, all or none. Raises ProducerFenced when another has started meanwhile."""
        await self._producer.begin_transaction()
        sent = [await self._producer.send(self._place.topic, value=each.value, partition=PARTITION) for each in entries]
        # A refused batch does not fail the transaction by itself. To commit without a look would lose the records.
        await asyncio.gather(*sent)
        await self._producer.commit_transaction()

    async def _stable_end(self) -> int:
        """Return the end of the topic, once no transaction is open: before that, a record might still show."""
        while True:
            end = await self._offset(LATEST, UNCOMMITTED)
            if await self._offset(LATEST, COMMITTED) >= end:
                return end
            await asyncio.sleep(STABLE_SECONDS)

    async def _offset(self, which: int, isolation: int) -> int:
        """Ask the leader. A consumer would need a tenth of a second to learn who that is."""
        asked = OffsetRequest(NO_REPLICA, isolation, [(self._place.topic, [(PARTITION, which)])])
        response = await self._producer.client.send(self._leader, asked)
        ((_, ((_, code, *_, offset),)),) = response.topics
        if (error := for_code(code)) is not NoError:
            raise error
        return int(offset)

    async def _read(self, consumer: AIOKafkaConsumer, begin: int, end: int) -> list[Entry]:
        consumer.seek(self._place, begin)
        found: list[Entry] = []
        while await consumer.position(self._place) < end:
            fetched = await consumer.getmany(self._place, timeout_ms=FETCH_MILLISECONDS)
            for record in fetched.get(self._place, ()):
                with suppress(UnreadableEntry):  # what is none of ours is found by `audit verify`
                    found.append(entry_in(record.value))
        return found


@asynccontextmanager
async def audit_writer(settings: Settings) -> AsyncIterator[AuditWriter]:
    """Fence the writer before, and provide one for the block. Raises a KafkaError, and as `unreached` returns."""
    topic = settings.audit_topic
    producer = transactional_producer(settings, transactional_id=topic)
    CoordinatorConnection(producer.client)
    try:
        leader = await _bootstrap(settings, producer)
        # Asked before the start, which makes the coordinator forget it.
        last = await last_end(producer.client, topic)
        await producer.start()
        if last is not None:
            await repeat_end(producer, transactional_id=topic, last=last, group=None, topics=[topic])
        yield AuditWriter(settings, producer, leader)
    finally:
        await _stop(producer)


async def _bootstrap(settings: Settings, producer: AIOKafkaProducer) -> int:
    """Connect, and return the leader of the topic. Raises InvalidSettings when it does not show.

    All topics are asked for: a question about one by its name could make it.
    """
    try:
        await producer.client.bootstrap()
    except KafkaConnectionError as error:
        raise await unreached(settings) from error
    cluster = await producer.client.fetch_all_metadata()
    if settings.audit_topic not in cluster.topics():
        raise InvalidSettings(f"Kafka at {settings.kafka_bootstrap} shows this user no topic {settings.audit_topic}.")
    leader = cluster.leader_for_partition(TopicPartition(settings.audit_topic, PARTITION))
    if leader is None or leader < 0:
        raise LeaderNotAvailableError
    return int(leader)


async def _stop(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, OSError, TimeoutError, AssertionError):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()


@asynccontextmanager
async def _consumer(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = range_consumer(settings)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
