"""What Kafka still says of a contact: its record, how far the services are, and its dead letters.

The dead letters of one contact: what was wrong with them, when and what was done; nothing of what they hold.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aiokafka import ConsumerRecord, TopicPartition

from schemas.faults import RefusalKind
from schemas.positions import Position
from services.operations.dead_letters.letters import letter_of
from services.operations.dead_letters.selection import LetterState
from services.operations.dead_letters.states import letter_states
from services.operations.origin import Origin, origin_of
from services.operations.topic_reader import Progress, TopicReader, count_to_read, next_offsets, still_to_read
from services.runtime.kafka.clients import admin_client
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

MAX_LETTERS: Final = 20
"""Of one contact so many are told, the newest: a publisher may send the same broken event for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter, without its content."""

    id: str
    """Partition and offset in the topic of the dead letters, as in `3-120`."""
    written_at: datetime
    kind: RefusalKind | None
    """None: somebody else put it there."""
    paths: tuple[str, ...]
    """Where something was wrong, list positions left out, each once and in order."""
    state: LetterState


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest dead letters of a contact, oldest first, and how many there were in all."""

    number: int = 0
    newest: tuple[Letter, ...] = ()


async def with_states(settings: Settings, records: Iterable["ConsumerRecord[bytes, bytes]"]) -> tuple[Letter, ...]:
    """Tell of records of the dead letter topic, and what was done with each. Raises as `LetterStates` does."""
    letters = [letter_of(each) for each in records]
    if not letters:
        return ()
    async with letter_states(settings) as states:
        histories = await states.histories(letters)
    return tuple(
        Letter(
            id=str(letter.id),
            written_at=letter.written_at,
            kind=letter.kind,
            paths=letter.paths,
            state=history.state,
        )
        for letter, history in zip(letters, histories, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InKafka:
    """What Kafka says of a contact that was decided."""

    record_is_held: bool | None
    """Whether the topic still holds the record that was judged; None: it lay in a topic that is not ours now."""
    projector_behind: int
    """How many records the projector has yet to read, at most."""
    letters: Letters | None
    """None: they were not looked for."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record of a contact of which there is no decision record."""

    source: str
    position: Position
    is_judged: bool
    """The classifier is past it: then it was refused, or judged so long ago that nothing is left of that."""


async def look(
    reader: TopicReader,
    settings: Settings,
    contact: Origin,
    position: Position | None,
    *,
    letters: bool,
    progress: Progress,
) -> InKafka:
    """Look for what belongs to a contact that was decided. Raises as `topic_reader` does."""
    outputs = await reader.whole(settings.registered_topic, settings.confidential_topic, settings.taak_topic)
    async with admin_client(settings) as admin:
        positions = await next_offsets(admin, settings, settings.projector_group)
    behind = await count_to_read(reader, still_to_read(outputs, positions))
    return InKafka(
        record_is_held=await _is_held(reader, settings, position),
        projector_behind=behind,
        letters=await read_letters(reader, settings, contact, progress) if letters else None,
    )


async def _is_held(reader: TopicReader, settings: Settings, position: Position | None) -> bool | None:
    if position is None or position.topic != settings.contact_topic:
        return None
    return any(
        each.partition == position.partition and each.begin <= position.offset < each.end
        for each in await reader.whole(position.topic)
    )


async def read_letters(reader: TopicReader, settings: Settings, contact: Origin, progress: Progress) -> Letters:
    """Read all dead letters for those of a contact; without a source those of every source."""
    number = 0
    newest: deque[ConsumerRecord[bytes, bytes]] = deque(maxlen=MAX_LETTERS)
    whole = await reader.whole(settings.dead_letter_topic)
    async for batch in reader.records(whole, progress):
        for record in batch:
            if _is_of(origin_of(record.value, record.headers), contact):
                number += 1
                newest.append(record)
    return Letters(number, await with_states(settings, newest))


async def sightings(
    reader: TopicReader, settings: Settings, contact: Origin, progress: Progress
) -> tuple[Sighting, ...]:
    """Read all of `contact.ended` for the records of a contact; give the first of each source, judged and not.

    Only needed for a contact without a decision record.
    """
    whole = await reader.whole(settings.contact_topic)
    async with admin_client(settings) as admin:
        positions = await next_offsets(admin, settings, settings.classifier_group)
    found: dict[tuple[str, bool], Sighting] = {}
    async for batch in reader.records(whole, progress):
        for record in batch:
            origin = origin_of(record.value, record.headers)
            if not _is_of(origin, contact) or origin.source is None:
                continue
            is_judged = record.offset < positions.get(TopicPartition(record.topic, record.partition), 0)
            position = Position(record.topic, record.partition, record.offset)
            found.setdefault((origin.source, is_judged), Sighting(origin.source, position, is_judged))
    return tuple(found.values())


def _is_of(origin: Origin, contact: Origin) -> bool:
    return origin.contact_id == contact.contact_id and contact.source in {None, origin.source}
