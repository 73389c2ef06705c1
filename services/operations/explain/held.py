"""What lies at a position of a topic."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aiokafka import ConsumerRecord

from schemas.positions import Position
from services.operations.origin import UnknownContact
from services.operations.topic_reader import Stretch, TopicReader, topic_reader
from services.runtime.kafka.records import OversizedBatch, oversized_batch
from services.runtime.settings import Settings


class Held(StrEnum):
    """What lies at a position."""

    RECORD = "record"
    BATCH = "batch"
    """A batch that is too large to read."""
    WAITS = "waits"
    """A record behind a transaction that somebody has open."""
    NOTHING = "nothing"
    """The mark of a transaction, or a record of one that was aborted."""
    GONE = "gone"
    """Retention has removed it."""
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """What was found at a position."""

    held: Held
    record: "ConsumerRecord[bytes, bytes] | None" = None
    waits_since: datetime | None = None

    @property
    def batch(self) -> OversizedBatch | None:
        """The batch for which the record stands, when that is too large to read."""
        return oversized_batch(self.record) if self.record is not None else None


async def find_at(reader: TopicReader, settings: Settings, position: Position) -> HeldRecord:
    """Return what lies at a position. Raises UnknownContact for a partition that the topic does not have, and what
    `topic_reader` raises.
    """
    of_topic = await reader.whole(position.topic)
    here = next((each for each in of_topic if each.partition == position.partition), None)
    if here is None:
        raise UnknownContact(f"{position.topic} has no partition {position.partition}.")
    if position.offset < here.begin:
        return HeldRecord(held=Held.GONE)
    if position.offset >= here.end:
        return await _find_behind(reader, settings, position, here)
    record = await reader.at(position)
    if record is None:
        return HeldRecord(held=Held.NOTHING)
    # Compared with None: an OversizedBatch is empty, and so false.
    is_record = oversized_batch(record) is None
    return HeldRecord(held=Held.RECORD if is_record else Held.BATCH, record=record)


async def _find_behind(reader: TopicReader, settings: Settings, position: Position, here: Stretch) -> HeldRecord:
    """Return what lies behind the last stable offset."""
    for transaction in await reader.open_transactions([here]):
        if position.offset < transaction.end:
            async with topic_reader(settings, isolation_level="read_uncommitted") as uncommitted:
                record = await uncommitted.at(position)
            return HeldRecord(held=Held.WAITS, record=record, waits_since=transaction.since)
    return HeldRecord(held=Held.NOT_YET)
