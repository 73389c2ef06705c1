"""Deciding that dead letters need no repair. They stay in Kafka until their time comes; nobody sends them back.

What is being sent back at the same moment is left to that (`LetterStates.claim`), and told.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from services.operations.dead_letters.letters import InvalidFilter
from services.operations.dead_letters.reading import dead_letters, unseen
from services.operations.dead_letters.selection import Selection, State
from services.operations.dead_letters.states import Aim, Change, History, Outcome, whoever_asks
from services.operations.topic_reader import Progress
from services.runtime.errors import TransientFailure
from services.runtime.settings import Settings

MAX_REASON_CHARACTERS: Final = 200

AIM: Final = Aim(State.DISCARDED)


async def discard(settings: Settings, selection: Selection, *, reason: str, progress: Progress = unseen) -> Outcome:
    """Mark the letters that are meant as discarded. Started again it goes on where it was.

    Raises InvalidFilter for a reason that says nothing or too much, and as `DeadLetters.selected` does.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON_CHARACTERS:
        raise InvalidFilter(f"a reason has 1 to {MAX_REASON_CHARACTERS} characters")

    def meant(history: History) -> bool:
        return selection.takes(history.state) and not history.is_being_sent

    who, outcome = whoever_asks(), Outcome()
    async with dead_letters(settings) as letters:
        try:
            async for batch in letters.selected(selection, progress, aim=AIM):
                now = datetime.now(UTC)
                change = partial(Change, state=AIM.state, by=who, at=now, reason=reason)
                changes = [(each.letter, change(attempt=each.letter.attempt)) for each in batch]
                histories = await letters.states.change_meant(changes, meant)
                outcome.done += len(outcome.still_meant([letter for letter, _ in changes], histories, meant, AIM))
        except TransientFailure as error:
            raise TransientFailure(
                f"{error} {outcome.done} letters were discarded; start again for the rest.", part=error.part
            ) from error
    return outcome
