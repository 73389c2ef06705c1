"""`dlq discard`: an operator decides that dead letters need no repair. Nobody can read their content from then on.

Their headers stay in Kafka until they expire. So does the content of letters that an earlier release
wrote, which is not sealed.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from services.operations.audit.trail import Note, unnoted
from services.operations.dead_letters.letters import InvalidFilter
from services.operations.dead_letters.reading import dead_letters, unseen
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.show import note_letters
from services.operations.dead_letters.states import Aim, Change, LetterCounts
from services.operations.lock import LockLost, operator_name
from services.operations.topic_reader import Progress
from services.operations.wording import counted
from services.runtime.errors import TransientFailure
from services.runtime.settings import Settings

MAX_REASON_CHARACTERS: Final = 200

AIM: Final = Aim(LetterState.DISCARDED)


async def discard(
    settings: Settings, selection: LetterSelection, *, reason: str, progress: Progress = unseen, note: Note = unnoted
) -> LetterCounts:
    """Mark the selected letters as discarded, which `note` records first, and delete the keys of their contents.

    A second run does the rest.

    Raises InvalidFilter for a reason that is empty or too long, LockRefused while another command holds the operators'
    lock, LockLost when another has taken it since, and as `DeadLetters.selected` does.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON_CHARACTERS:
        raise InvalidFilter(f"--reason takes 1 to {MAX_REASON_CHARACTERS} characters.")
    by, counts = operator_name(), LetterCounts()
    async with (
        dead_letters(settings, selection.within) as letters,
        letters.states.locked("dlq discard") as lock,
    ):
        try:
            async for batch in letters.selected(selection, progress, aim=AIM):
                chosen = [each.letter for each in batch if selection.takes(each.history.state)]
                change = partial(Change, state=AIM.state, by=by, at=datetime.now(UTC), reason=reason)
                await note_letters(note, chosen, selection.within)
                await letters.states.change([(each, change(attempt=each.attempt)) for each in chosen], lock)
                counts.done += len(chosen)
                counts.earlier += len(batch) - len(chosen)
        except (TransientFailure, LockLost) as error:
            told = f"{error} {counted(counts.done, 'letter')} discarded. Start again for the rest."
            if isinstance(error, TransientFailure):
                raise TransientFailure(told, part=error.part) from error
            raise LockLost(told) from error
    return counts
