"""From aiokafka's records to ours."""

from datetime import UTC, datetime

from aiokafka import ConsumerRecord

from services.classifier.ports import Record


def as_record(record: "ConsumerRecord[bytes, bytes]") -> Record:
    """Take a record over, bytes untouched."""
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
    """Give the moment of a timestamp in UTC. A publisher can put any number there, unless the topic uses the broker's
    clock; what lies outside the calendar becomes its nearest end.
    """
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return FIRST if milliseconds < 0 else LAST
