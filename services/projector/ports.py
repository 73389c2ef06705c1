"""What the projector needs from the outside world; one real adapter and one fake of each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from services.projector.events import Fact


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One record as the broker gave it."""

    partition: Partition
    offset: int
    value: bytes | None


class Register(Protocol):
    """The collections: klantcontacten, partijen, interne taken, and what is remembered of what is gone."""

    async def apply(self, facts: Sequence[Fact]) -> None:
        """Merge what happened into the collections: all of it, durably, or nothing.

        The order of the facts, and whether they were applied before, makes no difference. Raises DocumentRefused
        when the database will never take what they come to, TransientFailure when it is away; nothing is written then.
        """


class Positions(Protocol):
    """How far each partition has been projected."""

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """Say from where to go on after a restart.

        Raises PartitionLost when another instance reads one of the partitions now, TransientFailure when Kafka is away.
        """
