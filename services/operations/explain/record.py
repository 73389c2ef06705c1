"""`klantcontact explain TOPIC:PARTITION:OFFSET`: the record at a position of any of our topics, and its contact."""

from dataclasses import dataclass
from datetime import datetime
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
from services.operations.explain.held import Held, find_at
from services.operations.explain.letters import Letters, Sought, read_letters
from services.operations.explain.search import Asked, Name
from services.operations.mapped_from import read_position
from services.operations.topic_reader import Progress, next_offsets, topic_reader, unseen
from services.projector.errors import Foreign, ForeignReason, Unreadable
from services.projector.events import read
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.topics import MARKER_KEY
from services.runtime.settings import Settings

NOBODY: Final = Origin(None, None)


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
class _Named:
    """What a record says of itself."""

    contact: Origin = NOBODY
    foreign: ForeignReason | None = None
    lay_at: Position | None = None


def position_of(text: str, settings: Settings) -> Position | None:
    """Return the position that a text names, as in `contact.ended:3:120`; None for any other text."""
    found = read_position(text)
    explained = (
        *settings.raw_topics,
        *settings.raw_dead_letter_topics,
        *settings.input_topics,
        settings.dead_letter_topic,
        *settings.output_topics,
    )
    return found if found is not None and found.topic in explained else None


async def explain_record(
    settings: Settings, position: Position, *, through: bool = True, progress: Progress = unseen
) -> AtPosition:
    """Return all that is known of the record at a position, without contents. Commits no offset.

    `through` as for a contact. Raises UnknownContact for a partition that the topic does not have, and what
    `read_databases` and `topic_reader` raise.
    """
    async with topic_reader(settings) as reader:
        found = await find_at(reader, settings, position)
        is_handled = await _is_handled(settings, position)
    named = await _named(settings, found.record)
    sought = _sought(settings, position, named, found.record)
    explained, letters = None, None
    if contact_key_named(*named.contact) is not None:
        asked = Asked(str(named.contact.contact_id), frozenset({Name.CONTACT}), named.contact.source)
        explained = await decided(settings, asked, through=through, also=sought, progress=progress)
    if explained is None and through:
        async with topic_reader(settings) as reader:
            topic = position.topic if _is_letter(settings, position.topic) else settings.dead_letter_topic
            letters = await read_letters(reader, settings, topic, sought, progress)
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


def _is_letter(settings: Settings, topic: str) -> bool:
    return topic in {settings.dead_letter_topic, *settings.raw_dead_letter_topics}


async def _is_handled(settings: Settings, position: Position) -> bool | None:
    if _is_letter(settings, position.topic):
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
    if _is_letter(settings, record.topic):
        async with letter_states(settings, record.topic) as states:
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
    if _is_letter(settings, position.topic):
        letters.add(LetterId(position.partition, position.offset))
    positions = {each for each in (position, named.lay_at) if each is not None}
    return Sought(contact=contact, positions=frozenset(positions), letters=frozenset(letters))
