"""`klantcontact explain kanaal.open-forms:0:12`: a message of a channel, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import TopicPartition

from schemas.positions import Position
from schemas.raw_messages import dead_letter_topic_of
from schemas.reading.origin import origin_of
from services.channels.loading import mapped_channels
from services.channels.mapping.outcome import ChannelOutcome
from services.channels.outcomes import outcomes_of
from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN
from services.domain.besluit import BesluitRecord
from services.domain.changed import regels
from services.domain.ids import contact_key_named
from services.operations.explain.held import Held, HeldRecord, find_at
from services.operations.explain.letters import Letters, Sought, read_letters
from services.operations.mapped_events import MappedEvent, mapped_events
from services.operations.mongo import Database, read_databases
from services.operations.topic_reader import Progress, TopicReader, next_offsets, topic_reader, unseen
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.records import as_record, moment
from services.runtime.settings import Settings

MAX_EVENTS: Final = 1_000
"""The most events of one message. A mapping makes at most 500; a message that was mapped again has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """An event that a message became."""

    position: Position
    mapping: str
    """The one that made it, as `naam/versie`."""
    contact_id: str | None
    """None: its contact is not decided."""
    regels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedNow:
    """What today's mapping makes of a message."""

    mapping: str
    outcomes: Sequence[ChannelOutcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMessage:
    """The position of a message, what lies there, and what became of it."""

    position: Position
    held: Held
    waits_since: datetime | None
    last_offset: int | None
    is_handled: bool
    """Whether the mapper has committed a later offset."""
    events: tuple[MessageEvent, ...] | None
    """None: they were not looked for."""
    letters: Letters | None
    """None: the dead letters were not read."""
    now: MappedNow | None
    """None: no message lies there."""

    @property
    def is_decided(self) -> bool:
        """Whether a contact of it is decided."""
        return any(each.contact_id is not None for each in self.events or ())


async def explain_message(
    settings: Settings, position: Position, *, through: bool = True, progress: Progress = unseen
) -> AtMessage:
    """Return all that is known of the message at a position, without contents. Commits no offset.

    `through`: whether to read the topics of publishers for its events, and the dead letters of its channel. Raises
    UnknownContact for a partition that the topic does not have, InvalidSettings for a mapping that can't be read, and
    what `read_databases` and `topic_reader` raise.
    """
    async with topic_reader(settings) as reader:
        found = await find_at(reader, settings, position)
        events, letters = None, None
        if through:
            made = await _events(reader, settings, position, found, progress)
            refused = dead_letter_topic_of(position.topic)
            letters = await read_letters(reader, settings, refused, Sought(positions=frozenset({position})), progress)
            async with read_databases(settings) as databases:
                events = tuple(await _decided(databases.register, made))
    return AtMessage(
        position=position,
        held=found.held,
        waits_since=found.waits_since,
        last_offset=found.batch.last_offset if found.batch is not None else None,
        is_handled=await _is_handled(settings, position),
        events=events,
        letters=letters,
        now=_mapped_now(settings, found),
    )


async def _is_handled(settings: Settings, position: Position) -> bool:
    async with admin_client(settings) as admin:
        offsets = await next_offsets(admin, settings, settings.mapper_group)
    return position.offset < offsets.get(TopicPartition(position.topic, position.partition), 0)


async def _events(
    reader: TopicReader, settings: Settings, position: Position, found: HeldRecord, progress: Progress
) -> Sequence[MappedEvent]:
    since = moment(found.record.timestamp) if found.record is not None else None
    made = mapped_events(reader, settings, since=since, of=lambda each: each == position, progress=progress)
    return [each async for each in made][-MAX_EVENTS:]


async def _decided(register: Database, made: Sequence[MappedEvent]) -> Sequence[MessageEvent]:
    keys = {each.position: _key(each) for each in made}
    documents = register[BESLUITEN].find({"_id": {"$in": sorted({key for key in keys.values() if key is not None})}})
    besluiten = {each["_id"]: besluit_of(each) async for each in documents if gewist_of(each) is None}
    return [_message_event(each, besluiten.get(keys[each.position] or "")) for each in made]


def _key(event: MappedEvent) -> str | None:
    origin = origin_of(event.record.value, event.record.headers)
    return contact_key_named(origin.source, origin.contact_id)


def _message_event(event: MappedEvent, besluit: BesluitRecord | None) -> MessageEvent:
    origin = origin_of(event.record.value, event.record.headers)
    return MessageEvent(
        position=event.position,
        mapping=event.mapped.mapping,
        contact_id=origin.contact_id if besluit is not None else None,
        regels=tuple(regel.value for regel in regels(besluit)) if besluit is not None else (),
    )


def _mapped_now(settings: Settings, found: HeldRecord) -> MappedNow | None:
    if found.record is None:
        return None
    mapping = mapped_channels(settings)[found.record.topic].mapping
    return MappedNow(mapping=mapping.label, outcomes=outcomes_of(as_record(found.record), mapping))
