"""The positions of a consumer group, in memory."""

from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition


class FakePositions:
    """A `services.projector.ports.Positions`; the next commits raise `failures`, in order."""

    def __init__(self, failures: Iterable[Exception] = ()) -> None:
        self._failures = list(failures)
        self.committed: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.sought: dict[TopicPartition, int] = {}

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Remember the next offsets."""
        if self._failures:
            raise self._failures.pop(0)
        self.committed.update(next_offsets)

    def pause(self, partition: TopicPartition) -> None:
        """Remember the partition."""
        self.paused.add(partition)

    def go_on(self, partition: TopicPartition, offset: int) -> None:
        """Forget that the partition was paused, and remember where it goes on."""
        self.paused.discard(partition)
        self.sought[partition] = offset
