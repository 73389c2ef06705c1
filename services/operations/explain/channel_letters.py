"""The dead letters of channels that are of a contact, or could be.

The mapper knows the contact of a message only when it refused a whole event. Any other letter could be of any contact
of its source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.reading.origin import Origin
from services.operations.dead_letters.letters import UNKNOWN, Letter, Withheld
from services.operations.dead_letters.selection import LetterState
from services.operations.dead_letters.states import LetterStates
from services.operations.explain.letters import Letters, Sought, read_letters
from services.operations.topic_reader import Progress, TopicReader
from services.runtime.settings import Settings

_GONE: Final = frozenset({Withheld.DISCARDED, Withheld.ERASED, Withheld.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLetters:
    """What the dead letters of one channel hold of a contact."""

    topic: str
    letters: Letters
    """Those that are of it."""
    could_be: int
    """How many open letters say nothing of whose they are."""


async def read_channel_letters(
    reader: TopicReader, settings: Settings, contact: Origin, progress: Progress
) -> tuple[ChannelLetters, ...]:
    """Read all dead letters of channels once, and return what each topic holds or could hold of a contact.

    Without a source, the contact of every source counts. A topic that can hold nothing of it is left out.
    """
    found = [await _in_topic(reader, settings, topic, contact, progress) for topic in settings.raw_dead_letter_topics]
    return tuple(each for each in found if each.letters.number or each.could_be)


async def _in_topic(
    reader: TopicReader, settings: Settings, topic: str, contact: Origin, progress: Progress
) -> ChannelLetters:
    sought, could_be = Sought(contact=contact), 0

    async def count(states: LetterStates, letters: Sequence[Letter]) -> None:
        nonlocal could_be
        unnamed = [each for each in letters if _could_be(each, sought, contact.source)]
        histories = await states.histories(unnamed) if unnamed else []
        could_be += sum(each.state is LetterState.OPEN for each in histories)

    found = await read_letters(reader, settings, topic, sought, progress, look=count)
    return ChannelLetters(topic=topic, letters=found, could_be=could_be)


def _could_be(letter: Letter, sought: Sought, source: str | None) -> bool:
    is_of_the_source = source is None or letter.source in {source, UNKNOWN}
    return is_of_the_source and letter.contact_key is None and letter.withheld not in _GONE and not sought.fits(letter)
