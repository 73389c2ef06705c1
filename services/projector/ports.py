"""What the projector needs from the outside world. Each port has one real adapter and one fake."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from aiokafka import TopicPartition

from services.projector.events import Fact


class ProjectionStore(Protocol):
    """The collections: klantcontacten, partijen, interne taken, and the markers of those that are gone."""

    async def apply(self, facts: Sequence[Fact]) -> None:
        """Merge facts into the collections: all of them, durably, or none.

        Their order makes no difference, nor that some were applied before. Raises DocumentRefused when the database
        will never take the documents that they lead to, TransientFailure when it is away; nothing is written then.
        """


class Positions(Protocol):
    """How far each partition has been projected."""

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Commit the offsets from which to go on after a restart.

        Raises PartitionLost when another instance reads one of the partitions now, TransientFailure when Kafka is away.
        """
