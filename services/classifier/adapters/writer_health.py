"""What readiness says of the writers of the partitions."""

from collections.abc import Callable

from aiokafka import TopicPartition

from services.runtime.observe.health import Health, Part


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
