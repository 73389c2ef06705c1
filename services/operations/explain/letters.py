"""The dead letters of a contact or a record: also those that were cut, that are broken, and that failed again."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from aiokafka import ConsumerRecord

from schemas.dead_letters import earlier_letters
from schemas.positions import Position
from services.operations.dead_letters.letters import LetterId, last_offset_in, letter_of, position_in
from services.operations.dead_letters.reading import Found
from services.operations.dead_letters.states import letter_states
from services.operations.origin import Origin, origin_of
from services.operations.topic_reader import Progress, TopicReader
from services.runtime.settings import Settings

MAX_LETTERS: Final = 20
"""So many of one contact are kept, the newest: a publisher may send the same broken event without end."""

MAX_LINKED: Final = 1_000
"""Letters that others of the contact name, which are looked for by their id. One letter names ten at most."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest dead letters of a contact or record, oldest first, and how many there are in all."""

    number: int = 0
    newest: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What makes a dead letter one of those that were asked for: any of these three."""

    contact: Origin | None = None
    """It names this contact. A letter whose source can't be read may be that of any source."""
    positions: frozenset[Position] = frozenset()
    """Its record lay at one of these, and names no other contact."""
    letters: frozenset[LetterId] = frozenset()
    """It is one of these. A record that went back names its earlier letters."""

    def or_those_of(self, other: "Sought | None") -> "Sought":
        """Return what seeks the letters of both; the contact is that of this one."""
        if other is None:
            return self
        return replace(self, positions=self.positions | other.positions, letters=self.letters | other.letters)

    def names(self, origin: Origin) -> bool:
        """Whether a record with this origin names the contact."""
        contact = self.contact
        if contact is None or origin.contact_id != contact.contact_id:
            return False
        return contact.source is None or origin.source in {None, contact.source}

    def fits(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        """Whether a letter is sought for what it holds, and for where its record lay."""
        origin = origin_of(record.value, record.headers)
        if self.names(origin):
            return True
        names_another = self.contact is not None and origin.contact_id is not None
        return not names_another and self._lay_there(record)

    def _lay_there(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        first, last_offset = position_in(record.headers), last_offset_in(record.headers)
        if first is None or last_offset is None:
            return first in self.positions
        return any(
            (each.topic, each.partition) == (first.topic, first.partition)
            and first.offset <= each.offset <= last_offset
            for each in self.positions
        )


async def read_letters(reader: TopicReader, settings: Settings, sought: Sought, progress: Progress) -> Letters:
    """Read all dead letters, and return those that are sought.

    A record that failed again names its earlier letters: one of them that is sought brings the others.
    """
    collected = _Collected(sought)
    whole = await reader.whole(settings.dead_letter_topic)
    async for batch in reader.records(whole, progress):
        for record in batch:
            collected.look_at(record)
    for letter in collected.passed():
        if (record := await reader.at(Position(settings.dead_letter_topic, *letter))) is not None:
            collected.look_back_at(record)
    return Letters(collected.number, await _with_histories(settings, collected.newest()))


class _Collected:
    """The letters that are sought, as far as the topic was read."""

    def __init__(self, sought: Sought) -> None:
        self._sought = sought
        self._named = set(sorted(sought.letters)[-MAX_LINKED:])
        """Those that a record or another letter names."""
        self._met: set[LetterId] = set()
        """Those of `_named` that were met since they were named."""
        self._roots: set[LetterId] = set()
        """Those that were taken and may be named by a later one."""
        self._newest: deque[ConsumerRecord[bytes, bytes]] = deque(maxlen=MAX_LETTERS)
        self.number = 0

    def look_at(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Add the letter to those found, if it is sought."""
        letter, earlier = _id_of(record), _earlier_of(record)
        is_named = letter in self._named
        if is_named:
            self._met.add(letter)
        if is_named or not self._roots.isdisjoint(earlier) or self._sought.fits(record):
            self._take(record)
            if len(self._roots) < MAX_LINKED:
                self._roots.add(letter)
            if len(self._named) < MAX_LINKED:
                self._named.update(earlier)

    def passed(self) -> Sequence[LetterId]:
        """Return the letters that were named only after they had been passed, as far as that is known."""
        return sorted(self._named - self._met - self._roots)

    def look_back_at(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Add the letter, which a later one names. `look_at` has added those that are sought for their own contents."""
        if not self._sought.fits(record):
            self._take(record)

    def newest(self) -> "Sequence[ConsumerRecord[bytes, bytes]]":
        """Return the newest that were taken, oldest first."""
        return sorted(self._newest, key=lambda each: (each.timestamp, each.partition, each.offset))

    def _take(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        self.number += 1
        self._newest.append(record)


def _id_of(record: "ConsumerRecord[bytes, bytes]") -> LetterId:
    return LetterId(record.partition, record.offset)


def _earlier_of(record: "ConsumerRecord[bytes, bytes]") -> list[LetterId]:
    return [LetterId.parse(each) for each in earlier_letters(record.headers)]


async def _with_histories(settings: Settings, records: "Sequence[ConsumerRecord[bytes, bytes]]") -> tuple[Found, ...]:
    letters = [letter_of(each) for each in records]
    if not letters:
        return ()
    async with letter_states(settings) as states:
        histories = await states.histories(letters)
    return tuple(Found(letter, history) for letter, history in zip(letters, histories, strict=True))
