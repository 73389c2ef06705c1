"""What the classifier needs from the outside world: of each port there is one real adapter and one fake."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from schemas.cloudevents import Headers
from schemas.positions import Position
from schemas.values import value_class
from services.domain.case import Case
from services.domain.outcome import InstructionAnswer, Outcome
from services.domain.register import Register
from services.domain.wissing import Wissing
from services.runtime.letters.sealing import LetterKey


@value_class(frozen=True, slots=True)
class Message:
    """One message to publish."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    letter_key: LetterKey | None = None
    """Of a sealed dead letter: what MongoDB keeps before it goes out."""


class HeavyBatch(Exception):
    """The contacts of a batch, or the decisions behind them, are too much at once. Nothing was recorded."""

    def __init__(self, *, fits: int | None = None) -> None:
        """`fits`: how many of its first contacts are not too much, where that is known."""
        super().__init__()
        self.fits = fits


FULL_BATCH: Final = 500
"""Contacts of a batch that may hold and cause as much as any."""

LEAST_SHARE: Final = 1 / 3
"""Of the smallest batches. Twelve partitions have three times as many of them in flight as full ones
(`services/classifier/kafka/slices.py`)."""


def share_of(contacts: int) -> float:
    """Return how much a batch of so many contacts may hold and cause, as a share of a full batch."""
    return min(max(contacts / FULL_BATCH, LEAST_SHARE), 1.0)


class RegisterStore(Protocol):
    """The partijregister and the besluiten."""

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """Look up what the register knows of a batch, call `judge`, and record what changed: all or nothing.

        When another instance commits first, the whole is retried, and `judge` is called again.
        Raises TransientFailure when the database is away, and HeavyBatch for a batch of several contacts whose
        decisions are too large; nothing was recorded then.
        """

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Look up what the register knows around an instruction, call `execute`, and record what changed: all or
        nothing.

        It records the answer too. When the same instruction comes again, it returns that answer, and `execute` is not
        called. Retries and raises as `transact`.
        """


class Publisher(Protocol):
    """Publishes for one assigned partition of the input."""

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Publish messages and commit the position in one Kafka transaction. Waits as long as Kafka is away.

        Raises PartitionLost when another instance has taken over the partition; nothing was published then.
        """

    async def is_committed(self, position: Position) -> bool:
        """Whether the group has committed the record at a position. False when Kafka does not tell at once."""


class Clock(Protocol):
    """Time: of the decision, and for waiting."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
