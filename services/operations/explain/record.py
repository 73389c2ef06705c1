"""`klantcontact explain TOPIC:PARTITION:OFFSET`: the record at a position of any of our topics, and its contact."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from aiokafka import ConsumerRecord, TopicPartition
from pydantic_core import from_json

from schemas.dead_letters import earlier_letters
from schemas.positions import Position
from schemas.reading.origin import Origin, origin_in, origin_of
from services.domain.ids import contact_key_named
from services.operations.dead_letters.letters import LetterId
from services.operations.dead_letters.states import letter_states
from services.operations.explain.explain import Explained, decided
from services.operations.explain.letters import Letters, Sought, read_letters
from services.operations.explain.search import Asked, Name
from services.operations.origin import UnknownContact
from services.operations.topic_reader import Progress, Stretch, TopicReader, next_offsets, topic_reader, unseen
from services.projector.errors import Foreign, ForeignReason, Unreadable
from services.projector.events import read
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.records import OversizedBatch, oversized_batch
from services.runtime.kafka.topics import MARKER_KEY
from services.runtime.settings import Settings

_POSITION: Final = re.compile(r"([A-Za-z0-9._-]{1,249}):(\d{1,9}):(\d{1,18})", re.ASCII)


NOBODY: Final = Origin(None, None)


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
class AtPosition:
    """A position, what lies there, and what became of it."""

    position: Position
    held: Held
    waits_since: datetime | None
    """When the transaction began behind which it waits; None: it waits for none."""
    last_offset: int | None
    """Of the batch that it belongs to, when that is too large to read."""
    is_handled: bool | None
    """Whether the service that reads this topic has committed a later offset; None: no service reads it."""
    foreign: ForeignReason | None
    """Why a record of an output topic is none of our classifier."""
    lay_at: Position | None
    """Where the record of a dead letter lay."""
    names_a_contact: bool
    """Whether a contactId can be read in it."""
    contact: Explained | None
    """None: there is no decision about a contact that it names."""
    letters: Letters | None
    """Those of the record, when there is no decision. None: the dead letters were not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    held: Held
    record: "ConsumerRecord[bytes, bytes] | None" = None
    waits_since: datetime | None = None

    @property
    def batch(self) -> OversizedBatch | None:
        return oversized_batch(self.record) if self.record is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What a record says of itself."""

    contact: Origin = NOBODY
    foreign: ForeignReason | None = None
    lay_at: Position | None = None


def position_of(text: str, settings: Settings) -> Position | None:
    """Return the position that a text names, as in `contact.ended:3:120`; None for any other text."""
    found = _POSITION.fullmatch(text)
    if found is None:
        return None
    explained = (*settings.input_topics, settings.dead_letter_topic, *settings.output_topics)
    if found[1] not in explained:
        return None
    return Position(found[1], int(found[2]), int(found[3]))


async def explain_record(
    settings: Settings, position: Position, *, through: bool = True, progress: Progress = unseen
) -> AtPosition:
    """Return all that is known of the record at a position, without contents. Commits no offset.

    `through` as for a contact. Raises UnknownContact for a partition that the topic does not have, and what
    `read_databases` and `topic_reader` raise.
    """
    async with topic_reader(settings) as reader:
        found = await _find(reader, settings, position)
        is_handled = await _is_handled(settings, position)
    named = await _named(settings, found.record)
    sought = _sought(settings, position, named, found.record)
    explained, letters = None, None
    if contact_key_named(*named.contact) is not None:
        asked = Asked(str(named.contact.contact_id), frozenset({Name.CONTACT}), named.contact.source)
        explained = await decided(settings, asked, through=through, also=sought, progress=progress)
    if explained is None and through:
        async with topic_reader(settings) as reader:
            letters = await read_letters(reader, settings, sought, progress)
    return AtPosition(
        position=position,
        held=found.held,
        waits_since=found.waits_since,
        last_offset=found.batch.last_offset if found.batch is not None else None,
        is_handled=is_handled,
        foreign=named.foreign,
        lay_at=named.lay_at,
        names_a_contact=named.contact.contact_id is not None,
        contact=explained,
        letters=letters,
    )


async def _find(reader: TopicReader, settings: Settings, position: Position) -> _Found:
    of_topic = await reader.whole(position.topic)
    here = next((each for each in of_topic if each.partition == position.partition), None)
    if here is None:
        raise UnknownContact(f"{position.topic} has no partition {position.partition}.")
    if position.offset < here.begin:
        return _Found(held=Held.GONE)
    if position.offset >= here.end:
        return await _find_behind(reader, settings, position, here)
    record = await reader.at(position)
    if record is None:
        return _Found(held=Held.NOTHING)
    # Not by its truth: what stands for a batch is empty.
    is_record = oversized_batch(record) is None
    return _Found(held=Held.RECORD if is_record else Held.BATCH, record=record)


async def _find_behind(reader: TopicReader, settings: Settings, position: Position, here: Stretch) -> _Found:
    """Return what lies behind the last stable offset."""
    for transaction in await reader.open_transactions([here]):
        if position.offset < transaction.end:
            async with topic_reader(settings, isolation_level="read_uncommitted") as uncommitted:
                record = await uncommitted.at(position)
            return _Found(held=Held.WAITS, record=record, waits_since=transaction.since)
    return _Found(held=Held.NOT_YET)


async def _is_handled(settings: Settings, position: Position) -> bool | None:
    if position.topic == settings.dead_letter_topic:
        return None
    group = settings.classifier_group if position.topic in settings.input_topics else settings.projector_group
    async with admin_client(settings) as admin:
        offsets = await next_offsets(admin, settings, group)
    return position.offset < offsets.get(TopicPartition(position.topic, position.partition), 0)


async def _named(settings: Settings, record: "ConsumerRecord[bytes, bytes] | None") -> _Named:
    if record is None:
        return _Named()
    if record.topic in settings.input_topics:
        return _Named(contact=origin_of(record.value, record.headers))
    if record.topic == settings.dead_letter_topic:
        async with letter_states(settings) as states:
            (letter,) = await states.letters([record])
        return _Named(contact=origin_of(letter.content.value, letter.content.headers), lay_at=letter.origin)
    if record.value is None and record.key == MARKER_KEY:
        return _Named()
    try:
        read(record.value, settings.own_sources)
    except Foreign as error:
        return _Named(foreign=error.reason)
    except Unreadable:
        pass  # an event of ours that this release can't project may name its contact
    return _Named(contact=_herkomst(record.value))


def _herkomst(value: bytes | None) -> Origin:
    """Return the contact that an event of our classifier follows from."""
    tree: Any = from_json(value or b"{}")
    data = tree.get("data") if isinstance(tree, dict) else None
    return origin_in(data.get("herkomst") if isinstance(data, dict) else None)


def _sought(
    settings: Settings, position: Position, named: _Named, record: "ConsumerRecord[bytes, bytes] | None"
) -> Sought:
    """Return which dead letters are of the record: by its contact, its place, and the letters that it names."""
    contact = named.contact if named.contact.contact_id is not None else None
    letters = {LetterId.parse(each) for each in earlier_letters(record.headers)} if record is not None else set()
    if position.topic == settings.dead_letter_topic:
        letters.add(LetterId(position.partition, position.offset))
    positions = {each for each in (position, named.lay_at) if each is not None}
    return Sought(contact=contact, positions=frozenset(positions), letters=frozenset(letters))
