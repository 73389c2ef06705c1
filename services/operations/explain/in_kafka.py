"""What Kafka still holds of a contact that was decided: records, dead letters, what the projector has to read."""

from dataclasses import dataclass

from aiokafka import ConsumerRecord

from schemas.positions import Position
from schemas.reading.origin import Origin, origin_of
from services.domain.besluit import BesluitRecord
from services.operations.explain.channel_letters import ChannelLetters, read_channel_letters
from services.operations.explain.contact_records import OvertakenRecords, Sighting, read_contact_records
from services.operations.explain.letters import Letters, Sought, read_letters
from services.operations.mapped_from import MappedFrom, mapped_from
from services.operations.topic_reader import Progress, TopicReader, count_to_read, next_offsets, still_to_read
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class InKafka:
    """What Kafka holds of a contact that was decided."""

    record_is_held: bool | None
    """Whether the record that was judged still lies there. None: the settings do not name its topic now."""
    mapped: MappedFrom | None = None
    """The message of a channel that it was mapped from, as far as the record still lies there."""
    projector_behind: int
    """How many records the projector has yet to read, at most."""
    waiting: tuple[Sighting, ...] = ()
    """Its first record that is not judged yet."""
    overtaken: OvertakenRecords | None = None
    """None: the topics of publishers were not read."""
    letters: Letters | None
    """None: the dead letters were not read."""
    of_channels: tuple[ChannelLetters, ...] | None = None
    """Dead letters of channels that are of it, or could be. None: they were not read."""
    open_transactions: tuple[OpenTransaction, ...] = ()
    """Those behind which the projector's records wait."""


async def look(
    reader: TopicReader,
    settings: Settings,
    besluit: BesluitRecord,
    *,
    through: bool,
    also: Sought | None = None,
    progress: Progress,
) -> InKafka:
    """Return what Kafka holds of a contact that was decided. Raises as `topic_reader` does.

    `through`: whether to read through the topics of publishers and the dead letters. `also`: dead letters that are of
    it too.
    """
    contact = Origin(besluit.source, besluit.contact_id)
    outputs = await reader.whole(*settings.output_topics)
    async with admin_client(settings) as admin:
        positions = await next_offsets(admin, settings, settings.projector_group)
    behind = await count_to_read(reader, still_to_read(outputs, positions))
    transactions = await reader.open_transactions(outputs)
    records = await read_contact_records(reader, settings, contact, besluit, progress) if through else None
    letters, of_channels = None, None
    if records is not None:
        earlier = (each.position for each in besluit.voorgangers)
        sought = records.sought(contact, besluit.position, besluit.sent_with, *earlier)
        letters = await read_letters(reader, settings, settings.dead_letter_topic, sought.or_those_of(also), progress)
        of_channels = await read_channel_letters(reader, settings, contact, progress)
    place = besluit.position
    judged = None
    if is_read := place is not None and place.topic in settings.input_topics:
        judged = await _judged(reader, contact, place)
    return InKafka(
        record_is_held=judged is not None if is_read else None,
        mapped=mapped_from(judged.headers) if judged is not None else None,
        projector_behind=behind + sum(each.end - each.first_offset for each in transactions),
        waiting=tuple(each for each in records.sightings if not each.is_judged) if records else (),
        overtaken=records.overtaken if records else None,
        letters=letters,
        of_channels=of_channels,
        open_transactions=tuple(transactions),
    )


async def _judged(reader: TopicReader, contact: Origin, position: Position) -> "ConsumerRecord[bytes, bytes] | None":
    """Return the record if it is that contact's: in a topic that was made anew, another may lie there."""
    record = await reader.at(position)
    return record if record is not None and origin_of(record.value, record.headers) == contact else None
