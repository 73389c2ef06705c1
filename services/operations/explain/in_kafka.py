"""What Kafka still holds of a contact: its record, what the projector has to read, and its dead letters."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from schemas.positions import Position
from services.operations.dead_letters.letters import letter_of, shown_source
from services.operations.dead_letters.reading import Found
from services.operations.dead_letters.states import letter_states
from services.operations.origin import Origin, origin_of
from services.operations.topic_reader import Progress, TopicReader, count_to_read, next_offsets, still_to_read
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.settings import Settings

MAX_LETTERS: Final = 20
"""So many of one contact are kept, the newest: a publisher may send the same broken event without end."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest dead letters of a contact, oldest first, and how many there are in all."""

    number: int = 0
    newest: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InKafka:
    """What Kafka holds of a contact that was decided."""

    record_is_held: bool | None
    """Whether the topic still holds the record that was judged. None: the settings name another topic now."""
    projector_behind: int
    """How many records the projector has yet to read, at most."""
    letters: Letters | None
    """None: the dead letters were not read."""
    open_transactions: tuple[OpenTransaction, ...] = ()
    """Those behind which the projector's records wait."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record of a contact without a decision record."""

    source: str
    """As `shown_source` shows it: the record may be wrong, and its source a text that nothing has checked."""
    position: Position
    is_judged: bool
    """The classifier has committed a later offset. So it was refused, or its decision record has been deleted since."""
    waits_since: datetime | None = None
    """When the transaction began behind which it waits; None: it waits for none."""


async def look(
    reader: TopicReader,
    settings: Settings,
    contact: Origin,
    position: Position | None,
    *,
    letters: bool,
    progress: Progress,
) -> InKafka:
    """Return what Kafka holds of a contact that was decided. Raises as `topic_reader` does."""
    outputs = await reader.whole(*settings.output_topics)
    async with admin_client(settings) as admin:
        positions = await next_offsets(admin, settings, settings.projector_group)
    behind = await count_to_read(reader, still_to_read(outputs, positions))
    transactions = await reader.open_transactions(outputs)
    return InKafka(
        record_is_held=await _is_held(reader, settings, position),
        projector_behind=behind + sum(each.end - each.first_offset for each in transactions),
        letters=await read_letters(reader, settings, contact, progress) if letters else None,
        open_transactions=tuple(transactions),
    )


async def _is_held(reader: TopicReader, settings: Settings, position: Position | None) -> bool | None:
    if position is None or position.topic != settings.contact_topic:
        return None
    return any(
        each.partition == position.partition and each.begin <= position.offset < each.end
        for each in await reader.whole(position.topic)
    )


async def read_letters(reader: TopicReader, settings: Settings, contact: Origin, progress: Progress) -> Letters:
    """Read all dead letters and return those of a contact; without a source, those of every source."""
    number = 0
    newest: deque[ConsumerRecord[bytes, bytes]] = deque(maxlen=MAX_LETTERS)
    whole = await reader.whole(settings.dead_letter_topic)
    async for batch in reader.records(whole, progress):
        for record in batch:
            if _is_of(origin_of(record.value, record.headers), contact):
                number += 1
                newest.append(record)
    return Letters(number, await _with_histories(settings, newest))


async def _with_histories(settings: Settings, records: Iterable["ConsumerRecord[bytes, bytes]"]) -> tuple[Found, ...]:
    letters = [letter_of(each) for each in records]
    if not letters:
        return ()
    async with letter_states(settings) as states:
        histories = await states.histories(letters)
    return tuple(Found(letter, history) for letter, history in zip(letters, histories, strict=True))


async def sightings(
    reader: TopicReader, settings: Settings, contact: Origin, progress: Progress
) -> tuple[Sighting, ...]:
    """Read all of `contact.ended` and return the first record of a contact for each source, judged and not judged.

    Only a contact without a decision record needs this.
    """
    whole = await reader.whole(settings.contact_topic)
    async with admin_client(settings) as admin:
        positions = await next_offsets(admin, settings, settings.classifier_group)
    transactions = await reader.open_transactions(whole)
    found: dict[tuple[str, bool], Sighting] = {}
    async for batch in reader.records_to_the_end(whole, transactions, progress):
        for record in batch:
            origin = origin_of(record.value, record.headers)
            if not _is_of(origin, contact) or origin.source is None:
                continue
            is_judged = record.offset < positions.get(TopicPartition(record.topic, record.partition), 0)
            position = Position(record.topic, record.partition, record.offset)
            since = next((each.since for each in transactions if each.holds_up(record)), None)
            sighting = Sighting(shown_source(origin.source), position, is_judged, since)
            found.setdefault((origin.source, is_judged), sighting)
    return tuple(found.values())


def _is_of(origin: Origin, contact: Origin) -> bool:
    return origin.contact_id == contact.contact_id and contact.source in {None, origin.source}
