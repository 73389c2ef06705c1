"""The records of one contact in the topics of publishers: those that wait, and those that came too late to count."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from schemas.dead_letters import earlier_letters
from schemas.positions import Position
from schemas.reading.consent import decode_either
from schemas.reading.decoding import Received
from schemas.reading.origin import Origin, origin_of, shown_source
from services.domain.besluit import BesluitRecord
from services.operations.dead_letters.letters import UNKNOWN, LetterId
from services.operations.explain.letters import MAX_LINKED, Sought
from services.operations.topic_reader import Progress, TopicReader, next_offsets
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.records import moment
from services.runtime.settings import Settings

MAX_OVERTAKEN: Final = 20
"""So many are kept, the newest: a publisher may send an old revisie without end."""

MAX_POSITIONS: Final = 10_000
"""The newest records of a contact at whose positions its dead letters may have lain."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record of a contact that no decision names."""

    source: str
    """As `shown_source` shows it: the record may be wrong, and its source a text that nothing has checked."""
    position: Position
    is_judged: bool
    """The classifier has committed a later offset. So it was refused, or its decision record has been deleted since."""
    waits_since: datetime | None = None
    """When the transaction began behind which it waits; None: it waits for none."""


@dataclass(frozen=True, slots=True)
class OvertakenRecord:
    """A record that changed nothing, since a higher revisie was in force when it came."""

    position: Position
    revisie: int
    written_at: datetime


@dataclass(frozen=True, slots=True)
class OvertakenRecords:
    """The newest records of a contact that were overtaken, oldest first, and how many there are in all."""

    number: int = 0
    newest: tuple[OvertakenRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRecords:
    """What the topics of publishers hold of one contact."""

    sightings: tuple[Sighting, ...]
    """The first of each topic and source, judged and not judged, in the order of their positions."""
    overtaken: OvertakenRecords
    positions: frozenset[Position]
    """Where they lie."""
    letters: frozenset[LetterId]
    """The dead letters that they were before."""

    def sought(self, contact: Origin, *positions: Position | None) -> Sought:
        """Return which dead letters are those of the contact, whose records lay at these positions too."""
        known = (each for each in positions if each is not None)
        return Sought(contact=contact, positions=self.positions.union(known), letters=self.letters)


async def read_contact_records(
    reader: TopicReader, settings: Settings, contact: Origin, in_force: BesluitRecord | None, progress: Progress
) -> ContactRecords:
    """Read all that publishers sent. Without a source, the contact of every source counts.

    Raises as `topic_reader` does. `in_force` is its decision record. Without one, no record is overtaken.
    """
    whole = await reader.whole(*settings.input_topics)
    async with admin_client(settings) as admin:
        handled = await next_offsets(admin, settings, settings.classifier_group)
    transactions = await reader.open_transactions(whole)
    of_contact = Sought(contact=contact)
    first: dict[tuple[str, str | None, bool], Sighting] = {}
    overtaken, number = deque[OvertakenRecord](maxlen=MAX_OVERTAKEN), 0
    positions, letters = deque[Position](maxlen=MAX_POSITIONS), deque[LetterId](maxlen=MAX_LINKED)
    async for batch in reader.records_to_the_end(whole, transactions, progress):
        for record in batch:
            origin = origin_of(record.value, record.headers)
            if not of_contact.names(origin):
                continue
            position = Position(record.topic, record.partition, record.offset)
            is_judged = record.offset < handled.get(TopicPartition(record.topic, record.partition), 0)
            since = next((each.since for each in transactions if each.holds_up(record)), None)
            sighting = Sighting(shown_source(origin.source) or UNKNOWN, position, is_judged, since)
            first.setdefault((record.topic, origin.source, is_judged), sighting)
            positions.append(position)
            letters.extend(map(LetterId.parse, earlier_letters(record.headers)))
            if is_judged and in_force and (revisie := _overtaken_revisie(record, in_force)) is not None:
                number += 1
                overtaken.append(OvertakenRecord(position, revisie, moment(record.timestamp)))
    return ContactRecords(
        sightings=tuple(sorted(first.values(), key=_where)),
        overtaken=OvertakenRecords(number, tuple(overtaken)),
        positions=frozenset(positions),
        letters=frozenset(letters),
    )


def _where(sighting: Sighting) -> tuple[str, int, int]:
    position = sighting.position
    return position.topic, position.partition, position.offset


def _overtaken_revisie(record: "ConsumerRecord[bytes, bytes]", in_force: BesluitRecord) -> int | None:
    """Return the revisie of a record that is lower than the one that was in force when it came; None for all others."""
    headers = [(name, value) for name, value in record.headers if value is not None]
    received = decode_either(record.value or b"", headers)
    if not isinstance(received, Received) or received.source != in_force.source:
        return None
    revisie = received.contact.revisie
    return revisie if revisie < in_force.revisie and _came_after(record, in_force) else None


def _came_after(record: "ConsumerRecord[bytes, bytes]", in_force: BesluitRecord) -> bool:
    """Whether a record came after the first judgement of the revisie in force: by offset there, elsewhere by time."""
    here, first = Position(record.topic, record.partition, record.offset), in_force.position
    if first is not None and (here.topic, here.partition) == (first.topic, first.partition):
        return here.offset > first.offset
    judged_at = [in_force.besloten_op]
    judged_at += [each.besloten_op for each in in_force.voorgangers if each.revisie == in_force.revisie]
    return moment(record.timestamp) > min(judged_at)
