"""Where a partition stopped because our own code fails on a record, and what may be done about it."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from aiokafka import TopicPartition

from schemas.values import value_class
from services.runtime.errors import KlantcontactError


@value_class(frozen=True, slots=True)
class Stop:
    """Where a partition stopped, and why, for the operator. It holds no value of the record."""

    topic: str
    partition: int
    offset: int
    reasons: Sequence[str]

    @property
    def place(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)

    def __str__(self) -> str:
        """Return it in one line."""
        at = f"{self.topic}, partition {self.partition}, offset {self.offset}"
        return f"stopped at {at}, where our own code fails: {'; '.join(self.reasons)}"


@value_class(frozen=True, slots=True)
class Skip:
    """An operator's instruction to pass over the record at which a partition stopped."""

    by: str
    reason: str


@value_class(frozen=True, slots=True)
class StoredStop:
    """A stop as all instances and the operators' commands know it."""

    stop: Stop
    since: datetime
    starts: int
    """How many starts of a process met it."""
    skip: Skip | None


class Meeting(Enum):
    """What to do with a record on which our own code fails."""

    PASS = auto()
    """No partition stopped there."""
    STOP = auto()
    SKIP = auto()
    """It becomes a dead letter: an operator said so, or enough starts met it."""


class StopStore(Protocol):
    """The stops, where they outlive a process. Its methods raise TransientFailure when MongoDB is away."""

    async def meet(self, stop: Stop, *, begins: bool) -> Meeting:
        """Record that this process met a stop, and return what to do. `begins`: stop also where no stop is known."""

    async def known(self) -> Sequence[StoredStop]:
        """Return all stops."""

    async def forget(self, stop: Stop) -> None:
        """Remove a stop that the group has passed."""


class PartitionStopped(KlantcontactError):
    """Our own code fails on a record. Everything before it is committed; its partition waits there."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(str(stop))
        self.stop = stop
