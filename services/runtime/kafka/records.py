"""Records as our code has them, and a batch of them in parts of a bounded size.

A fetch is bounded in records and in compressed bytes. A hundred large contacts that look alike can be a thousand times
as large uncompressed, and the messages that they cause are larger still.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiokafka import ConsumerRecord

from schemas.values import value_class

Headers = Sequence[tuple[str, bytes | None]]
"""A header's value may be absent on the wire."""


@value_class(frozen=True, slots=True)
class Record:
    """One record of `contact.ended` as the broker gave it, bytes untouched."""

    topic: str
    partition: int
    offset: int
    written_at: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers


def as_record(record: "ConsumerRecord[bytes, bytes]") -> Record:
    """Return our form of a record of aiokafka, bytes untouched."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        written_at=moment(record.timestamp),
        key=record.key,
        value=record.value,
        headers=record.headers,
    )


FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def moment(milliseconds: int) -> datetime:
    """Return the moment of a timestamp in UTC; outside the calendar, its nearest end.

    A publisher can put any number there, unless the topic uses the broker's clock.
    """
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return FIRST if milliseconds < 0 else LAST


T = TypeVar("T")


def value_bytes(message: Any) -> int:  # noqa: ANN401 - records of aiokafka and messages of ours have a value
    """Return the size of a message's value."""
    return len(message.value or b"")


def light_parts(items: Sequence[T], most_bytes: int, weigh: Callable[[T], int] = value_bytes) -> Iterator[Sequence[T]]:
    """Yield a batch, in its order, in parts of at most `most_bytes`; an item that is heavier is a part by itself."""
    begin, part_bytes = 0, 0
    for at, item in enumerate(items):
        item_bytes = weigh(item)
        part_bytes += item_bytes
        if part_bytes > most_bytes and at > begin:
            yield items[begin:at]
            begin, part_bytes = at, item_bytes
    yield items[begin:]
