"""What the loop and a service that runs in it have in common: the service handles batches, the loop publishes."""

from collections.abc import Sequence
from typing import Final, Protocol

from schemas.cloudevents import Headers
from schemas.positions import Position
from schemas.values import value_class
from services.runtime.kafka.records import Record
from services.runtime.letters.sealing import LetterKey


@value_class(frozen=True, slots=True)
class Message:
    """One message to publish."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    letter_key: LetterKey | None = None
    """The key of a sealed dead letter. MongoDB has to keep it before the letter goes out."""


FULL_BATCH: Final = 500
"""From so many records on, a batch may hold and cause as much as the largest."""

LEAST_SHARE: Final = 1 / 3
"""The share of the smallest batches. Twelve partitions have three times as many of them in flight as full ones
(`slices.py`)."""


def share_of(records: int) -> float:
    """Return how much a batch of so many records may hold and cause, as a share of a full batch."""
    return min(max(records / FULL_BATCH, LEAST_SHARE), 1.0)


class Publisher(Protocol):
    """Publishes for one assigned partition of the input."""

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Publish messages and commit the position in one Kafka transaction. Waits as long as Kafka is away.

        Raises PartitionLost when another instance has taken over the partition; nothing was published then.
        """

    async def is_committed(self, position: Position) -> bool:
        """Whether the group has committed the record at a position. False when Kafka does not tell at once."""


class BatchHandler(Protocol):
    """What a service does with the records of its partitions."""

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:
        """Handle the next records of one partition, and commit the position after them.

        Waits as long as MongoDB or Kafka is away; a caller that can't wait cancels. Raises PartitionLost when another
        instance holds the partition now, and PartitionStopped after a run of own failures, when all before the stop is
        committed. Records that are not committed then were not published, and cause the same messages when they are
        handled again.
        """
