"""Kafka in memory, for publishing about one partition of the input."""

from collections.abc import Sequence

from aiokafka import TopicPartition

from schemas.positions import Position
from services.runtime.errors import PartitionLost
from services.runtime.exactly_once.ports import Message


class FakeTopics:
    """Topics in memory: the messages that a committed reader sees, and the present writer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.committed: int | None = None
        self.committed_elsewhere: dict[TopicPartition, int] = {}
        """Of other partitions of the input."""
        self.writer: FakePublisher | None = None


class FakePublisher:
    """A Publisher in memory. The publisher that took over last is the one writer."""

    def __init__(self, topics: FakeTopics) -> None:
        self._topics = topics
        self.transactions: list[tuple[list[Message], int]] = []
        """Each with the position that it committed."""

    async def take_over(self) -> int | None:
        """Become the one writer; return the committed position."""
        self._topics.writer = self
        return self._topics.committed

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Publish and commit the position."""
        if self._topics.writer is not self:
            raise PartitionLost
        self._topics.messages += messages
        self._topics.committed = next_offset
        self.transactions.append((list(messages), next_offset))

    async def is_committed(self, position: Position) -> bool:
        """Whether that position of another partition is committed."""
        place = TopicPartition(position.topic, position.partition)
        return self._topics.committed_elsewhere.get(place, 0) > position.offset
