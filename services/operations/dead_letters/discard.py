"""Deciding that dead letters need no repair. They stay in Kafka until their time comes; nobody sends them back."""

from datetime import UTC, datetime
from typing import Final

from services.operations.dead_letters.errors import InvalidFilter
from services.operations.dead_letters.outcome import Outcome
from services.operations.dead_letters.reading import dead_letters, unseen
from services.operations.dead_letters.selection import Selection, State
from services.operations.dead_letters.states import Aim, Change, whoever_asks
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
    who, outcome = whoever_asks(), Outcome()
    async with dead_letters(settings) as letters:
        try:
            async for batch in letters.selected(selection, progress, aim=AIM):
                meant = outcome.still_meant(
                    [each.letter for each in batch], [each.history for each in batch], selection, AIM
                )
                now = datetime.now(UTC)
                await letters.states.change(
                    (each, Change(state=AIM.state, by=who, at=now, attempt=each.attempt, reason=reason))
                    for each in meant
                )
                outcome.done += len(meant)
        except TransientFailure as error:
            raise TransientFailure(
                f"{error} {outcome.done} letters were discarded; start again for the rest.", part=error.part
            ) from error
    return outcome
