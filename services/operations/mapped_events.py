"""The events that the mapper made of messages, found again in the topics of publishers."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from schemas.positions import Position
from schemas.values import value_class
from services.operations.mapped_from import MappedFrom, mapped_from
from services.operations.topic_reader import Progress, TopicReader
from services.runtime.kafka.records import Record, as_record
from services.runtime.settings import Settings


@value_class(frozen=True, slots=True)
class MappedEvent:
    """An event, and the message that it was mapped from."""

    mapped: MappedFrom
    record: Record

    @property
    def position(self) -> Position:
        """Where the event lies."""
        return Position(self.record.topic, self.record.partition, self.record.offset)


async def mapped_events(
    reader: TopicReader,
    settings: Settings,
    *,
    since: datetime | None,
    of: Callable[[Position], bool],
    progress: Progress,
) -> AsyncIterator[MappedEvent]:
    """Yield the events that were mapped from some messages, those that wait behind a transaction included.

    `since`: when the first of these messages came; None: nobody knows. Raises as `topic_reader` does.
    """
    whole = await reader.whole(*settings.contact_topics)
    part = await reader.between(whole, since=since, until=None)
    transactions = await reader.open_transactions(whole)
    async for batch in reader.records_to_the_end(part, transactions, progress):
        for record in batch:
            mapped = mapped_from(record.headers)
            if mapped is not None and of(mapped.message):
                yield MappedEvent(mapped, as_record(record))
