"""Whether Kafka serves us: what readiness says of it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.classifier.adapters.kafka_partitions import KafkaPartitions
from services.runtime.health import Health, Part

SILENCE_SECONDS: Final = 10.0
"""A broker answers a fetch within half a second, also when there is nothing. Twenty missed answers are no accident."""

LOOK_SECONDS: Final = 1.0


class KafkaHealth:
    """Gathers what the partitions' writers and the consumer tell of Kafka into one reason."""

    def __init__(self, health: Health, *, assignment_seconds: float) -> None:
        """Take as `assignment_seconds` how long a rebalance may leave us without partitions."""
        self._health = health
        self._assignment_seconds = assignment_seconds
        self._troubles: dict[TopicPartition, str] = {}

    def teller(self, partition: TopicPartition) -> Callable[[str | None], None]:
        """Give the function that takes what is wrong with the writer of a partition."""

        def tell(trouble: str | None) -> None:
            if trouble is None:
                self._troubles.pop(partition, None)
            else:
                self._troubles[partition] = trouble
                self._health.set(Part.KAFKA, trouble)

        return tell

    async def watch(self, consumer: Callable[[], AIOKafkaConsumer], partitions: KafkaPartitions) -> None:
        """Report to readiness every second, without end."""
        assigned_at = time.monotonic()
        while True:
            if partitions.assigned:
                assigned_at = time.monotonic()
            if not self._troubles:
                self._report(consumer(), partitions, without_seconds=time.monotonic() - assigned_at)
            await asyncio.sleep(LOOK_SECONDS)

    def _report(self, consumer: AIOKafkaConsumer, partitions: KafkaPartitions, *, without_seconds: float) -> None:
        if not partitions.assigned:
            if without_seconds > self._assignment_seconds:
                self._health.set(Part.KAFKA, "the consumer group gives no partitions")
        elif partitions.is_idle and _silent(consumer):
            self._health.set(Part.KAFKA, f"no answer to a fetch for {SILENCE_SECONDS:.0f} seconds")
        else:
            self._health.set(Part.KAFKA, None)


def _silent(consumer: AIOKafkaConsumer) -> bool:
    """Say whether some partition has had no answer for too long. One that was never asked about is no such."""
    oldest_milliseconds = (time.time() - SILENCE_SECONDS) * 1000
    answered = [consumer.last_poll_timestamp(partition) for partition in consumer.assignment()]
    return any(moment is not None and moment < oldest_milliseconds for moment in answered)
