"""The positions of a consumer group, in memory."""

from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition


class FakePositions:
    """A `services.projector.ports.Positions`; the next commits raise `failures`, in order."""

    def __init__(self, failures: Iterable[Exception] = ()) -> None:
        self._failures = list(failures)
        self.committed: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Remember the next offsets."""
        if self._failures:
            raise self._failures.pop(0)
        self.committed.update(next_offsets)

    def pause(self, partition: TopicPartition) -> None:
        """Remember the partition."""
        self.paused.add(partition)
