"""Which records of `contact.ended` are judged again.

What an operator can ask of a replay that can't be done.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from schemas.positions import Position
from services.classifier.mongo.register import BESLUITEN
from services.operations.mongo import Database
from services.operations.topic_reader import Stretch, TopicReader
from services.operations.wording import printable
from services.runtime.errors import KlantcontactError

_OFFSETS: Final = re.compile(r"(\d{1,9}):(\d{1,18})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offsets:
    """Some records of one partition, the last one included."""

    partition: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A period, offsets, or contacts by name; and of those, if asked, only what comes from one source."""

    since: datetime | None = None
    until: datetime | None = None
    """The moments at which the broker wrote the records: from `since` on and before `until`."""
    offsets: tuple[Offsets, ...] = ()
    contacts: tuple[str, ...] = ()
    """Their `contactId`."""
    source: str | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        ways = [self.since or self.until, self.offsets, self.contacts]
        if sum(bool(way) for way in ways) > 1:
            raise InvalidSelection("Choose a period (--from, --to), --offsets or --contact, not several of them.")
        if self.since and self.until and self.since >= self.until:
            raise InvalidSelection("--from must lie before --to.")
        partitions = [each.partition for each in self.offsets]
        if doubled := [each for each in partitions if partitions.count(each) > 1]:
            raise InvalidSelection(f"--offsets names partition {doubled[0]} twice.")

    @property
    def is_of_a_period(self) -> bool:
        """Tell whether no record was named by itself."""
        return not (self.offsets or self.contacts)

    def fits(self, *, source: str, contact_id: str) -> bool:
        """Tell whether a contact is meant, of the records that `stretches` gives."""
        return (self.source is None or source == self.source) and (not self.contacts or contact_id in self.contacts)


def read_offsets(text: str) -> Offsets:
    """Read `P:A-B`: partition P from offset A up to and including B. Raises InvalidSelection."""
    read = _OFFSETS.fullmatch(text)
    if read is None or int(read[2]) > int(read[3]):
        raise InvalidSelection("--offsets looks like 3:1000-1999: partition 3, from offset 1000 up to and with 1999.")
    return Offsets(int(read[1]), int(read[2]), int(read[3]))


async def stretches_of(
    selection: Selection, whole: Sequence[Stretch], reader: TopicReader, database: Database
) -> Sequence[Stretch]:
    """Give the stretches of the topic in which the selection lies, one a partition; `whole` is all that it holds.

    Raises InvalidSelection for offsets that the topic does not hold (any more), UnknownContact for a contact of which
    there is no decision, or whose record was removed.
    """
    if selection.offsets:
        return _at_offsets(selection.offsets, whole)
    if selection.contacts:
        return await _of_contacts(selection, whole, database)
    return await reader.between(whole, since=selection.since, until=selection.until)


def _at_offsets(asked: Sequence[Offsets], whole: Sequence[Stretch]) -> list[Stretch]:
    by_partition = {each.partition: each for each in whole}
    if unknown := [each.partition for each in asked if each.partition not in by_partition]:
        raise InvalidSelection(f"{whole[0].topic} has no partition {unknown[0]}.")
    return [_within(each, by_partition[each.partition]) for each in asked]


def _within(asked: Offsets, held: Stretch) -> Stretch:
    if asked.first < held.first:
        raise InvalidSelection(
            f"Partition {asked.partition} holds offset {held.first} and later: what lies before has been removed, its "
            "time had come."
        )
    if asked.last >= held.end:
        raise InvalidSelection(f"Partition {asked.partition} ends before offset {held.end}.")
    return replace(held, begin=asked.first, end=asked.last + 1)


async def _of_contacts(selection: Selection, whole: Sequence[Stretch], database: Database) -> list[Stretch]:
    """Find the records by the positions that the decisions hold, so that what lies around them is all that is read."""
    query = {"contactId": {"$in": list(selection.contacts)}}
    if selection.source is not None:
        query["source"] = selection.source  # type: ignore[assignment] # a query has values of all kinds
    fields = {"contactId": 1, "position": 1}
    found = await database[BESLUITEN].find(query, fields).to_list()
    offsets: dict[int, list[int]] = {}
    for contact_id in selection.contacts:
        documents = [each["position"] for each in found if each["contactId"] == contact_id and each.get("position")]
        if not documents:
            of_that_source = f" of {printable(selection.source)}" if selection.source else ""
            raise UnknownContact(
                f"There is no decision about contact {printable(contact_id)}{of_that_source}: `klantcontact explain` "
                "says more."
            )
        for position in (Position(**each) for each in documents):
            if not is_held(position, whole):
                raise UnknownContact(
                    f"The record of contact {printable(contact_id)} that was judged is no longer in {whole[0].topic}. "
                    "Where a repeat of it is, a replay of that period (--from, --to) judges that."
                )
            offsets.setdefault(position.partition, []).append(position.offset)
    return [
        replace(each, begin=min(offsets[each.partition]), end=max(offsets[each.partition]) + 1)
        for each in whole
        if each.partition in offsets
    ]


def is_held(position: Position, whole: Sequence[Stretch]) -> bool:
    """Tell whether a topic still holds a position: not when it is another topic, or a shorter one made anew since."""
    return any(
        (position.topic, position.partition) == (each.topic, each.partition)
        and each.first <= position.offset < each.end
        for each in whole
    )


class InvalidSelection(KlantcontactError):
    """What was asked for does not exist."""


class UnknownContact(KlantcontactError):
    """Nothing is known of this contact."""


class Unanswered(KlantcontactError):
    """The classifier has not answered what it was asked."""
