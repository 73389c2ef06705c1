"""The positions of a consumer group, in memory."""

from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition


class FakePositions:
    """Keeps `services.projector.ports.Positions`'s promises; `failures` are raised by the next commits, in order."""

    def __init__(self, failures: Iterable[Exception] = ()) -> None:
        self._failures = list(failures)
        self.committed: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Remember from where to go on."""
        if self._failures:
            raise self._failures.pop(0)
        self.committed.update(next_offsets)

    def pause(self, partition: TopicPartition) -> None:
        """Remember the partition."""
        self.paused.add(partition)
