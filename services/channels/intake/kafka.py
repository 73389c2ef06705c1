"""Writes messages to Kafka, with an idempotent producer for each raw topic that waits for all replicas in sync.

The messages of one request go out as one batch of records, which Kafka appends as a whole or not at all. A request with
one message shares its batch with others. The intake needs no transaction, so none can hang.

When Kafka takes longer than the platform can wait, the intake answers 503, and the platform sends the request again.
Kafka may have the messages by then, or get them later from the same producer. Each message then lies in the topic
twice. That is harmless: the id of an event follows from the message, so the second event is a repeat of the first.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.cloudevents import Headers
from services.channels.intake.budget import Budget
from services.channels.intake.replies import BUSY, Rejected
from services.runtime.ending import Ending
from services.runtime.exactly_once.bulk import send_in_bulk
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.clients import idempotent_producer
from services.runtime.kafka.errors import missing_right
from services.runtime.observe.failures import type_name
from services.runtime.observe.health import Health, Part
from services.runtime.settings import Settings
from services.runtime.waiting import CLOSE_SECONDS, repeated

log = structlog.get_logger()

LOOK_SECONDS: Final = 4.0
"""The pause between two looks at Kafka. With the answer, a Kafka that is gone shows in readiness within ten seconds."""

LOOK_ANSWER_SECONDS: Final = 3.0
"""Patience with that answer."""

REPORTED_SECONDS: Final = 30.0
"""How long a refusal shows in readiness after the last one. An intake that is not ready may get no requests, and then
nothing would show that Kafka takes them again."""

OVERHEAD_BYTES: Final = 1024
"""What a message takes in memory besides its value: headers, futures, a place in a batch."""

WATCH: Final = "intake"
"""As a reporter to readiness."""

_CLOSING: Final[set[asyncio.Task[None]]] = set()
"""Tasks that close producers. asyncio itself holds no reference to a task."""


class KafkaRawTopic:
    """Writes to one raw topic.

    Kafka expects the batches of a producer by number. After a batch that it refused, it would refuse all later ones for
    the gap. So a topic replaces its producer after a refusal.
    """

    def __init__(self, settings: Settings, topic: str, *, budget: Budget, health: Health) -> None:
        """Start nothing yet: the first write starts the producer."""
        self._settings = settings
        self._topic = topic
        self._budget = budget
        self._health = health
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._refused_at: float | None = None

    async def write(self, messages: Sequence[bytes], headers: Headers) -> None:
        """Write messages; see `RawTopics`."""
        producer = None
        try:
            producer = await self.producer()
            await self._written(producer, messages, headers)
        except KafkaError as error:
            # Unless another request that it failed has replaced it already.
            if producer is self._producer:
                self._replace()
            raise self._refusal(error) from error
        self._taken()

    async def producer(self) -> AIOKafkaProducer:
        """Return the producer, started. Raises KafkaError when Kafka does not answer."""
        async with self._starting:
            if self._producer is None:
                producer = idempotent_producer(self._settings)
                try:
                    await producer.start()
                except BaseException:
                    await _stop(producer)
                    raise
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        """Close the producer. It sends what it still has, for `CLOSE_SECONDS` at most."""
        if closing := self._replace():
            await asyncio.wait({closing}, timeout=CLOSE_SECONDS)

    def look(self) -> None:
        """Report no refusal any more that is older than `REPORTED_SECONDS`."""
        if self._refused_at is not None and time.monotonic() - self._refused_at > REPORTED_SECONDS:
            self._taken()

    async def _written(self, producer: AIOKafkaProducer, messages: Sequence[bytes], headers: Headers) -> None:
        """Send messages, and return when Kafka has them. They use the budget until then, also after a cancel."""
        size = sum(len(each) + OVERHEAD_BYTES for each in messages)
        self._budget.take(size)
        try:
            futures = await self._send(producer, messages, headers)
        except BaseException:
            self._budget.give_back(size)
            raise
        written = asyncio.gather(*futures, return_exceptions=True)
        written.add_done_callback(lambda _: self._budget.give_back(size))
        for outcome in await asyncio.shield(written):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _send(
        self, producer: AIOKafkaProducer, messages: Sequence[bytes], headers: Headers
    ) -> Sequence[asyncio.Future[object]]:
        if len(messages) == 1:
            return [await producer.send(self._topic, messages[0], headers=list(headers))]
        return await send_in_bulk(producer, [Message(self._topic, None, each, headers) for each in messages])

    def _replace(self) -> "asyncio.Task[None] | None":
        """Close the producer, and return the task that does; None without one. The next write starts another."""
        if self._producer is None:
            return None
        closing = asyncio.create_task(_stop(self._producer))
        self._producer = None
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)
        return closing

    def _refusal(self, error: BaseException) -> Rejected:
        self._refused_at = time.monotonic()
        reason = str(missing_right(error) or f"Kafka does not take messages for {self._topic} ({type_name(error)})")
        self._health.set(Part.KAFKA, reason, by=self._topic)
        return Rejected(BUSY)

    def _taken(self) -> None:
        if self._refused_at is not None:
            self._refused_at = None
            self._health.leave(Part.KAFKA, by=self._topic)


async def _stop(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, OSError, TimeoutError):
        await producer.stop()


class KafkaRawTopics:
    """The raw topics of all channels. Each has a producer of its own, so a refusal concerns one channel alone."""

    def __init__(self, settings: Settings, topics: Iterable[str], *, budget: Budget, health: Health) -> None:
        """`budget`: shared with the bodies that the intake reads."""
        self._topics = {topic: KafkaRawTopic(settings, topic, budget=budget, health=health) for topic in topics}
        self._health = health

    async def write(self, topic: str, messages: Sequence[bytes], headers: Headers) -> None:
        """Write messages; see `RawTopics`."""
        if messages:
            await self._topics[topic].write(messages, headers)

    @asynccontextmanager
    async def watched(self, ending: Ending) -> AsyncIterator[None]:
        """Report within the block whether Kafka answers and has the topics. Close the producers at its end."""
        async with repeated(self._look, ending, seconds=LOOK_SECONDS):
            yield
        await asyncio.gather(*(each.close() for each in self._topics.values()))

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_ANSWER_SECONDS):
                producers = [await each.producer() for each in self._topics.values()]
                existing = (await producers[0].client.fetch_all_metadata()).topics()
        except (KafkaError, OSError, TimeoutError) as error:
            silent = f"Kafka has not answered for {LOOK_ANSWER_SECONDS:.0f} seconds"
            self._health.set(Part.KAFKA, str(missing_right(error) or silent), by=WATCH)
            return
        missing = [topic for topic in self._topics if topic not in existing]
        gone = f"Kafka has no topic {', '.join(missing)}, or this user may not see it" if missing else None
        self._health.set(Part.KAFKA, gone, by=WATCH)
        for each in self._topics.values():
            each.look()
