"""Which records of the topics of publishers are judged again, and the errors of a selection that can't be made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiokafka import TopicPartition

from schemas.positions import Position
from services.classifier.mongo.register import BESLUITEN
from services.domain.ids import contact_key
from services.operations.explain.search import known_sources
from services.operations.mongo import Database
from services.operations.origin import UnknownContact
from services.operations.topic_reader import Stretch, TopicReader
from services.operations.wording import printable_id
from services.runtime.errors import WrongUse

_OFFSETS: Final = re.compile(r"(\d{1,9}):(\d{1,18})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offsets:
    """Consecutive records of one partition, the last one included."""

    partition: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSelection:
    """A period, offsets, or contacts by name; with a source, only the contacts of that source. A period or offsets may
    be of one topic.
    """

    since: datetime | None = None
    until: datetime | None = None
    """By the moment at which the broker wrote a record: at or after `since`, and before `until`."""
    offsets: tuple[Offsets, ...] = ()
    contacts: tuple[str, ...] = ()
    """Their `contactId`."""
    source: str | None = None
    topic: str | None = None

    def __post_init__(self) -> None:
        """Raise InvalidSelection when the parts contradict each other."""
        ways = [self.since or self.until, self.offsets, self.contacts]
        if sum(bool(way) for way in ways) > 1:
            raise InvalidSelection("Choose a period (--from, --to), --offsets or --contact, not several of them.")
        if self.since and self.until and self.since >= self.until:
            raise InvalidSelection("--from must lie before --to.")
        if self.topic and self.contacts:
            raise InvalidSelection("Leave --topic out with --contact: its decision says in which topic a contact lies.")
        partitions = [each.partition for each in self.offsets]
        if doubled := [each for each in partitions if partitions.count(each) > 1]:
            raise InvalidSelection(f"--offsets names partition {doubled[0]} twice.")

    @property
    def is_of_a_period(self) -> bool:
        """Whether it names no record by itself."""
        return not (self.offsets or self.contacts)

    def fits(self, *, source: str, contact_id: str) -> bool:
        """Whether a contact in the stretches of this selection is selected."""
        return (self.source is None or source == self.source) and (not self.contacts or contact_id in self.contacts)


def read_offsets(text: str) -> Offsets:
    """Return the offsets that `P:A-B` names: partition P, offsets A to B. Raises InvalidSelection."""
    read = _OFFSETS.fullmatch(text)
    if read is None or int(read[2]) > int(read[3]):
        raise InvalidSelection("--offsets looks like 3:1000-1999: partition 3, offsets 1000 to 1999.")
    return Offsets(int(read[1]), int(read[2]), int(read[3]))


async def stretches_of(
    selection: ContactSelection, whole: Sequence[Stretch], reader: TopicReader, database: Database
) -> Sequence[Stretch]:
    """Return the stretches in which the selection lies, one a partition. `whole` is all that the topics hold.

    Raises InvalidSelection for a topic that is none of them, for offsets without their topic where there are several,
    and for offsets that it does not hold. Raises UnknownContact for a contact without a decision or
    whose record has been removed.
    """
    if selection.contacts:
        return await _of_contacts(selection, whole, database)
    chosen = _of_topic(selection.topic, whole)
    if selection.offsets:
        return _at_offsets(selection.offsets, chosen)
    return await reader.between(chosen, since=selection.since, until=selection.until)


def _of_topic(topic: str | None, whole: Sequence[Stretch]) -> Sequence[Stretch]:
    chosen = [each for each in whole if topic is None or each.topic == topic]
    if not chosen:
        raise InvalidSelection(f"--topic is none of {_topics(whole)}.")
    return chosen


def _topics(whole: Sequence[Stretch]) -> str:
    return ", ".join(dict.fromkeys(each.topic for each in whole))


def _at_offsets(asked: Sequence[Offsets], whole: Sequence[Stretch]) -> list[Stretch]:
    topic = whole[0].topic
    if any(each.topic != topic for each in whole):
        raise InvalidSelection(f"--offsets needs --topic: there are {_topics(whole)}.")
    by_partition = {each.partition: each for each in whole}
    if unknown := [each.partition for each in asked if each.partition not in by_partition]:
        raise InvalidSelection(f"{topic} has no partition {unknown[0]}.")
    return [_within(each, by_partition[each.partition]) for each in asked]


def _within(asked: Offsets, held: Stretch) -> Stretch:
    if asked.first < held.first:
        raise InvalidSelection(
            f"Partition {asked.partition} holds offset {held.first} and later: Kafka has removed the earlier records "
            "after their retention time."
        )
    if asked.last >= held.end:
        raise InvalidSelection(f"Partition {asked.partition} ends before offset {held.end}.")
    return replace(held, begin=asked.first, end=asked.last + 1)


async def _of_contacts(selection: ContactSelection, whole: Sequence[Stretch], database: Database) -> list[Stretch]:
    """Return the stretches around the positions that the decisions of these contacts hold."""
    sources = [selection.source] if selection.source is not None else await known_sources(database)
    keys = {each: [contact_key(source, each) for source in sources] for each in selection.contacts}
    query = {"_id": {"$in": [key for of_one in keys.values() for key in of_one]}}
    found = {each["_id"]: each.get("position") async for each in database[BESLUITEN].find(query, {"position": 1})}
    offsets: dict[TopicPartition, list[int]] = {}
    for contact_id in selection.contacts:
        documents = [position for key in keys[contact_id] if (position := found.get(key))]
        if not documents:
            of_that_source = f" of {printable_id(selection.source)}" if selection.source else ""
            raise UnknownContact(
                f"There is no decision about contact {printable_id(contact_id)}{of_that_source}: "
                "`klantcontact explain` shows why."
            )
        for position in (Position(**each) for each in documents):
            if not is_held(position, whole):
                raise UnknownContact(
                    f"The record of contact {printable_id(contact_id)} that was judged is no longer in "
                    f"{position.topic}. If it was sent again later, a replay of that period (--from, --to) judges "
                    "the copy."
                )
            offsets.setdefault(TopicPartition(position.topic, position.partition), []).append(position.offset)
    return [
        replace(each, begin=min(offsets[each.place]), end=max(offsets[each.place]) + 1)
        for each in whole
        if each.place in offsets
    ]


def is_held(position: Position, whole: Sequence[Stretch]) -> bool:
    """Whether the topics still hold a position: not that of another topic, or of one made anew that is shorter."""
    return any(
        (position.topic, position.partition) == (each.topic, each.partition)
        and each.first <= position.offset < each.end
        for each in whole
    )


class InvalidSelection(WrongUse):
    """A selection that contradicts itself, or names records that do not exist."""
