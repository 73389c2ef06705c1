"""Kafka in readiness: whether the group assigns partitions, our fetches are answered, and our topics are there."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.runtime.kafka.assignment import Assignment, by_topic
from services.runtime.observe.health import LOOK_SECONDS, Facts, Health, Part

log = structlog.get_logger()

GROUP: Final = "group"
TOPICS: Final = "topics"
"""As reporters to readiness."""

SILENCE_SECONDS: Final = 5.0
"""A broker answers a fetch within half a second, even when there is nothing. Ten missed answers are no accident."""

POLL_SECONDS: Final = 7.0
"""A poll returns within half a second, and the pause after an error that passes is 5 s at most."""

TOPICS_LOOK_SECONDS: Final = 4.0
"""The pause between two looks at which topics there are. With the answer, a topic that is gone shows in ten seconds."""

TOPICS_ANSWER_SECONDS: Final = 3.0
"""Patience with that answer. Without one, what was seen before counts."""


class _Answer(NamedTuple):
    """The last answer about a partition: aiokafka's moment of it (None: never yet), and when we saw that it was new."""

    moment: float | None
    seen_at: float


class GroupHealth:
    """Looks at the consumer once a second."""

    def __init__(self, health: Health, assignment: Assignment, *, assignment_seconds: float) -> None:
        """`assignment_seconds`: how long the group may leave us without partitions, in a rebalance or after it."""
        self._health = health
        self._assignment = assignment
        self._assignment_seconds = assignment_seconds
        self._handling = False
        self._given_at = self._polled_at = time.monotonic()
        self._answers: dict[TopicPartition, _Answer] = {}

    def polling(self) -> None:
        """Note that the consumer is polled now."""
        self._polled_at = time.monotonic()

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Mark a fetch as being handled. aiokafka prefetches no further until the block ends."""
        began_at = time.monotonic()
        self._handling = True
        try:
            yield
        finally:
            self._handling = False
            now = self._polled_at = time.monotonic()
            # Nothing was fetched meanwhile: that time does not count as silence, what came before it does.
            self._answers = {
                each: answer._replace(seen_at=min(now, answer.seen_at + now - began_at))
                for each, answer in self._answers.items()
            }

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        """Report to readiness every second, without end."""
        while True:
            self._look(consumer())
            await asyncio.sleep(LOOK_SECONDS)

    def facts(self, consumer: AIOKafkaConsumer) -> Facts:
        """Return what readiness shows of the group."""
        return {
            "assigned": by_topic(consumer.assignment()) if self._assignment.is_known else None,
            "polled_seconds_ago": 0.0 if self._handling else round(time.monotonic() - self._polled_at, 1),
        }

    def _look(self, consumer: AIOKafkaConsumer) -> None:
        now = time.monotonic()
        if self._assignment.is_known and consumer.assignment():
            self._given_at = now
        self._answers = {each: self._last_answer(consumer, each, now) for each in consumer.assignment()}
        reason = self._reason(now)
        if reason is not None or self._assignment.is_known:
            self._health.set(Part.KAFKA, reason, by=GROUP)

    def _reason(self, now: float) -> str | None:
        if now - self._given_at > self._assignment_seconds:
            return "the consumer group gives no partitions"
        if self._handling:
            return None
        if now - self._polled_at > POLL_SECONDS:
            return f"the consumer has not polled for {POLL_SECONDS:.0f} seconds"
        if self._assignment.is_known and any(
            now - answer.seen_at > SILENCE_SECONDS for answer in self._answers.values()
        ):
            return f"no answer to a fetch for {SILENCE_SECONDS:.0f} seconds"
        return None

    def _last_answer(self, consumer: AIOKafkaConsumer, partition: TopicPartition, now: float) -> _Answer:
        """Return the last answer about a partition. We ask about none that is paused or full: such a one counts as
        answered just now.
        """
        moment, before = consumer.last_poll_timestamp(partition), self._answers.get(partition)
        not_asked = partition in consumer.paused() or self._assignment.is_full(partition)
        if before is None or before.moment != moment or not_asked:
            return _Answer(moment, now)
        return before


class TopicHealth:
    """Looks every few seconds whether the topics that a service reads and writes are there.

    A consumer whose topic is gone is assigned nothing and hears no error.
    """

    def __init__(self, health: Health, topics: Sequence[str]) -> None:
        self._health = health
        self._topics = topics

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        """Report to readiness, without end."""
        while True:
            await self._look(consumer())
            await asyncio.sleep(TOPICS_LOOK_SECONDS)

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(TOPICS_ANSWER_SECONDS):
                # All of them: a question for one by name can make a broker create it.
                existing = await consumer.topics()
        except (KafkaError, OSError, TimeoutError) as error:
            log.debug("topics.unknown", exc_info=error)
            return
        missing = [each for each in self._topics if each not in existing]
        if missing:
            gone = f"Kafka has no topic {', '.join(missing)}, or this user may not see it"
            self._health.set(Part.KAFKA, gone, by=TOPICS)
        else:
            self._health.leave(Part.KAFKA, by=TOPICS)
