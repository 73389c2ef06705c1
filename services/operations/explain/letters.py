"""The dead letters of a contact or a record: also those that were cut, that are broken, and that failed again."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from schemas.positions import Position
from schemas.reading.origin import Origin, origin_of
from services.domain.ids import contact_key_named
from services.operations.dead_letters.letters import UNKNOWN, Letter, LetterId
from services.operations.dead_letters.reading import Found
from services.operations.dead_letters.states import LetterStates, letter_states
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

    def fits(self, letter: Letter) -> bool:
        """Whether a letter is sought for the contact that it names, and for where its record lay."""
        origin = origin_of(letter.content.value, letter.content.headers)
        if self.names(origin) or self._is_of(letter):
            return True
        names_another = self.contact is not None and (origin.contact_id or letter.contact_key) is not None
        return not names_another and self._lay_there(letter)

    def _is_of(self, letter: Letter) -> bool:
        """Whether the register knows a letter as one of the contact, also where its content can't be read."""
        if letter.contact_key is None or self.contact is None or self.contact.contact_id is None:
            return False
        source = self.contact.source or letter.source
        named = self.contact.contact_id
        keys = contact_key_named(source, named), contact_key_named(source, named, change=True)
        return source != UNKNOWN and letter.contact_key in keys

    def _lay_there(self, letter: Letter) -> bool:
        first, last_offset = letter.origin, letter.last_offset
        if first is None or last_offset is None:
            return first in self.positions
        return any(
            (each.topic, each.partition) == (first.topic, first.partition)
            and first.offset <= each.offset <= last_offset
            for each in self.positions
        )


Look = Callable[[LetterStates, Sequence[Letter]], Awaitable[None]]
"""Looks at a batch of letters as they are read, and may ask for their states."""


async def _look_at_nothing(_states: LetterStates, _letters: Sequence[Letter]) -> None:
    """Look at no letter."""


async def read_letters(
    reader: TopicReader,
    settings: Settings,
    topic: str,
    sought: Sought,
    progress: Progress,
    *,
    look: Look = _look_at_nothing,
) -> Letters:
    """Read all dead letters of a topic, and return those that are sought.

    A record that failed again names its earlier letters: one of them that is sought brings the others. `look` sees each
    letter of the topic once, also those that are not sought, so that a topic is read once for whatever is asked of it.
    """
    collected = _Collected(sought)
    whole = await reader.whole(topic)
    async with letter_states(settings, topic) as states:
        async for batch in reader.records(whole, progress):
            letters = await states.letters(batch)
            for letter in letters:
                collected.look_at(letter)
            await look(states, letters)
        for passed in collected.passed():
            if (record := await reader.at(Position(topic, *passed))) is not None:
                collected.look_back_at(*await states.letters([record]))
        newest = collected.newest()
        histories = await states.histories(newest) if newest else []
    return Letters(collected.number, tuple(map(Found, newest, histories)))


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
        self._newest: deque[Letter] = deque(maxlen=MAX_LETTERS)
        self.number = 0

    def look_at(self, letter: Letter) -> None:
        """Add the letter to those found, if it is sought."""
        is_named = letter.id in self._named
        if is_named:
            self._met.add(letter.id)
        if is_named or not self._roots.isdisjoint(letter.earlier) or self._sought.fits(letter):
            self._take(letter)
            if len(self._roots) < MAX_LINKED:
                self._roots.add(letter.id)
            if len(self._named) < MAX_LINKED:
                self._named.update(letter.earlier)

    def passed(self) -> Sequence[LetterId]:
        """Return the letters that were named only after they had been passed, as far as that is known."""
        return sorted(self._named - self._met - self._roots)

    def look_back_at(self, letter: Letter) -> None:
        """Add the letter, which a later one names. `look_at` has added those that are sought for their own contents."""
        if not self._sought.fits(letter):
            self._take(letter)

    def newest(self) -> Sequence[Letter]:
        """Return the newest that were taken, oldest first."""
        return sorted(self._newest, key=lambda each: (each.written_at, each.id))

    def _take(self, letter: Letter) -> None:
        self.number += 1
        self._newest.append(letter)
