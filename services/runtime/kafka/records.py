"""One record as the broker gave it, and a batch of them cut into parts that are not too heavy.

A fetch is bounded in records, and in bytes as they were compressed. A hundred large contacts that look alike can be a
thousand times as much once they are read, and cause more than that. A batch that is too large to unpack comes as one
record without content.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from schemas.cloudevents import Headers
from schemas.values import value_class
from services.runtime.observe import metrics
from services.runtime.observe.tracing import Attributes

log = structlog.get_logger()


class OversizedBatch(bytes):
    """Stands as the value of one record for a batch that is too large to unpack. It is empty, and no publisher can send
    one. The record lies at the batch's last offset, so the next offset is the one after it, as for every record.
    """

    first_offset: int
    last_offset: int

    @classmethod
    def of(cls, first_offset: int, last_offset: int) -> Self:
        """Return the value for a batch with these offsets."""
        made = cls()
        made.first_offset, made.last_offset = first_offset, last_offset
        return made


@value_class(frozen=True, slots=True)
class Record:
    """One record of a topic, bytes untouched."""

    topic: str
    partition: int
    offset: int
    written_at: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers
    oversized: OversizedBatch | None = None
    """The batch that it stands for, when that is too large to unpack."""

    @property
    def place(self) -> TopicPartition:
        """The partition in which it lies."""
        return TopicPartition(self.topic, self.partition)

    @property
    def attributes(self) -> Attributes:
        """The attributes of its span, as OpenTelemetry names them."""
        return {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": self.topic,
            "messaging.destination.partition.id": str(self.partition),
            "messaging.kafka.offset": self.offset,
        }


def as_record(record: "ConsumerRecord[bytes, bytes]") -> Record:
    """Return aiokafka's record as ours."""
    oversized = oversized_batch(record)
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        written_at=moment(record.timestamp),
        key=record.key,
        value=record.value if oversized is None else None,
        headers=record.headers,
        oversized=oversized,
    )


def oversized_batch(record: "ConsumerRecord[bytes, bytes]") -> OversizedBatch | None:
    """Return the batch that a record stands for, when that is too large to unpack."""
    return record.value if isinstance(record.value, OversizedBatch) else None


def tell_oversized(topic: str, partition: int, batch: OversizedBatch) -> None:
    """Log and count a batch whose records nobody here can read."""
    metrics.OVERSIZED_BATCHES.inc()
    log.error(
        "batch.oversized",
        topic=topic,
        partition=partition,
        first_offset=batch.first_offset,
        last_offset=batch.last_offset,
    )


FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def moment(milliseconds: int) -> datetime:
    """Return the moment of a timestamp in UTC. A publisher can put any number there, unless the topic uses the broker's
    clock. A number outside the calendar becomes its nearest end.
    """
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return FIRST if milliseconds < 0 else LAST


T = TypeVar("T")


def value_bytes(message: Any) -> int:  # noqa: ANN401 - records of aiokafka and messages of ours have a value
    """Return the size of the value of a message or record."""
    return len(message.value or b"")


def light_parts(items: Sequence[T], most_bytes: int) -> Iterator[Sequence[T]]:
    """Cut a batch, in its order, into parts of at most so many bytes. A heavier item stands alone."""
    begin, part_bytes = 0, 0
    for at, item in enumerate(items):
        item_bytes = value_bytes(item)
        part_bytes += item_bytes
        if part_bytes > most_bytes and at > begin:
            yield items[begin:at]
            begin, part_bytes = at, item_bytes
    yield items[begin:]
