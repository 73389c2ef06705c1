"""One letter with where it came from and what became of it: the letters before it and after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.operations.dead_letters.errors import LettersRefused
from services.operations.dead_letters.export import note_access
from services.operations.dead_letters.letters import LetterId
from services.operations.dead_letters.reading import DeadLetters, Found, dead_letters, unseen
from services.operations.dead_letters.selection import State
from services.operations.topic_reader import Progress
from services.runtime.settings import Settings

MAX_LATER = 50
"""Of one letter. It is sent back once as a rule, and each time makes one letter at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """A letter in its row."""

    found: Found
    earlier: Sequence[tuple[LetterId, Found | None]]
    """Those that it comes from, oldest first; None for what the topic no longer holds."""
    later: Sequence[Found]
    """Those that it led to, when it was sent back and failed again."""


async def told(settings: Settings, letter_id: LetterId, *, with_content: bool, progress: Progress = unseen) -> Told:
    """Look one letter up, and before its content is given record who sees it.

    Raises LettersRefused when the topic does not hold it, TransientFailure when Kafka or MongoDB is away.
    """
    async with dead_letters(settings) as letters:
        found = await letters.one(letter_id)
        if found is None:
            raise LettersRefused([f"{letter_id} is not in {settings.dead_letter_topic}, or no longer."])
        earlier = [(each, await letters.one(each)) for each in found.letter.earlier]
        later = await _later(letters, found, progress)
        if with_content:
            await note_access(letters.states, [found.letter])
        return Told(found, earlier, later)


async def _later(letters: DeadLetters, found: Found, progress: Progress) -> Sequence[Found]:
    """Look through what came after it; there can only be something when it was sent back."""
    later: list[Found] = []
    if any(change.state is State.REDRIVEN for change in found.history.changes):
        async for batch in letters.after(found.letter, progress):
            later += [each for each in batch if found.letter.id in each.letter.earlier]
            later = later[:MAX_LATER]
    return later
