"""The projector's ports to MongoDB and Kafka. Each has one real implementation and one fake."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from aiokafka import TopicPartition

from services.projector.events import Fact


class ProjectionStore(Protocol):
    """The collections: klantcontacten, partijen, interne taken, and the markers of those that are gone."""

    async def apply(self, facts: Sequence[Fact]) -> None:
        """Merge facts into the collections, durably: all of them or none.

        Neither order nor repeats change the result. Raises DocumentRefused when MongoDB will never take the documents,
        and TransientFailure when it is away. In both cases nothing is written.
        """


class Positions(Protocol):
    """The positions of the group: how far each partition is projected."""

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Commit the offsets at which to continue after a restart.

        Raises PartitionLost when another instance has one of the partitions, and TransientFailure when Kafka is away.
        """

    def pause(self, partition: TopicPartition) -> None:
        """Fetch no more of a partition until it goes on. Nothing happens to one that we lost."""

    def go_on(self, partition: TopicPartition, offset: int) -> None:
        """Fetch a partition again, from an offset. Nothing happens to one that we lost."""
