"""What readiness says of the consumer group: whether it gives us partitions, and whether Kafka answers our fetches."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.runtime.kafka.assignment import Reading
from services.runtime.observe.health import LOOK_SECONDS, Facts, Health, Part

SILENCE_SECONDS: Final = 5.0
"""A broker answers a fetch within half a second, also when there is nothing. Ten missed answers are no accident."""

POLL_SECONDS: Final = 7.0
"""FastStream polls ten times a second while there is nothing, and waits 5 s after an error that passes by itself."""


class _Answer(NamedTuple):
    """The last answer about a partition: aiokafka's moment of it (None: never yet), and when we saw that it was new."""

    moment: float | None
    seen_at: float


class GroupHealth:
    """Looks at the consumer once a second."""

    def __init__(self, health: Health, reading: Reading, *, assignment_seconds: float) -> None:
        """Take as `assignment_seconds` how long a rebalance may leave us without partitions."""
        self._health = health
        self._reading = reading
        self._assignment_seconds = assignment_seconds
        self._handling = False
        self._known_at = self._polled_at = time.monotonic()
        self._answers: dict[TopicPartition, _Answer] = {}

    def polling(self) -> None:
        """Take note that the consumer is asked for records."""
        self._polled_at = time.monotonic()

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Let a fetch be handled within the block. aiokafka asks for no more than it may keep meanwhile."""
        began_at = time.monotonic()
        self._handling = True
        try:
            yield
        finally:
            self._handling = False
            now = self._polled_at = time.monotonic()
            # So long nothing was asked; a silence of before goes on.
            self._answers = {
                each: answer._replace(seen_at=min(now, answer.seen_at + now - began_at))
                for each, answer in self._answers.items()
            }

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        """Tell readiness every second, without end."""
        while True:
            self._look(consumer())
            await asyncio.sleep(LOOK_SECONDS)

    def facts(self, consumer: AIOKafkaConsumer) -> Facts:
        """Give what readiness shows of the group."""
        return {
            "assigned": _by_topic(consumer.assignment()) if self._reading.assignment.is_known else None,
            "polled_seconds_ago": 0.0 if self._handling else round(time.monotonic() - self._polled_at, 1),
        }

    def _look(self, consumer: AIOKafkaConsumer) -> None:
        now = time.monotonic()
        if self._reading.assignment.is_known:
            self._known_at = now
        self._answers = {each: self._last_answer(consumer, each, now) for each in consumer.assignment()}
        if not self._reading.tells_of_kafka():
            self._tell(now)

    def _tell(self, now: float) -> None:
        if now - self._known_at > self._assignment_seconds:
            self._health.set(Part.KAFKA, "the consumer group gives no partitions")
        elif not self._handling and now - self._polled_at > POLL_SECONDS:
            self._health.set(Part.KAFKA, f"the consumer has not polled for {POLL_SECONDS:.0f} seconds")
        elif self._reading.assignment.is_known:
            is_silent = not self._handling and any(
                now - answer.seen_at > SILENCE_SECONDS for answer in self._answers.values()
            )
            self._health.set(
                Part.KAFKA, f"no answer to a fetch for {SILENCE_SECONDS:.0f} seconds" if is_silent else None
            )

    def _last_answer(self, consumer: AIOKafkaConsumer, partition: TopicPartition, now: float) -> _Answer:
        """Give the last answer about a partition; as if it came just now while it is paused, and not asked about."""
        moment, before = consumer.last_poll_timestamp(partition), self._answers.get(partition)
        if before is None or before.moment != moment or partition in consumer.paused():
            return _Answer(moment, now)
        return before


def _by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for each in sorted(partitions):
        by_topic[each.topic].append(each.partition)
    return by_topic
