"""What the classifier needs from the outside world; one real adapter and one fake of each."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from schemas.values import value_class
from services.domain.case import Case
from services.domain.judgement import Judgement
from services.domain.register import Register
from services.runtime.kafka.records import Headers


@value_class(frozen=True, slots=True)
class Message:
    """One message to publish."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


class RegisterStore(Protocol):
    """The partijregister and the besluiten."""

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Judgement]]
    ) -> Sequence[Judgement]:
        """Look up what the register knows of a batch, let `judge` decide, and record what changed: all or nothing.

        The whole may be tried again, and so `judge` called again, when another instance got there first.
        Raises TransientFailure when the database is away; nothing was recorded then.
        """


class Publisher(Protocol):
    """Publishes for one assigned partition of the input."""

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Publish and commit the position in one Kafka transaction. Waits as long as Kafka is away.

        Raises PartitionLost when another instance has taken the partition over; nothing was published then.
        """


class Clock(Protocol):
    """Time: of the decision, and for waiting."""

    def now(self) -> datetime:
        """Give the present moment in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
