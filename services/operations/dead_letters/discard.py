"""Deciding that dead letters need no repair. They stay in Kafka until their time comes; nobody sends them back."""

from datetime import UTC, datetime
from typing import Final

from services.operations.dead_letters.errors import InvalidFilter
from services.operations.dead_letters.reading import dead_letters, unseen
from services.operations.dead_letters.selection import Selection, State
from services.operations.dead_letters.states import Change, whoever_asks
from services.operations.topic_reader import Progress
from services.runtime.errors import TransientFailure
from services.runtime.settings import Settings

MAX_REASON_CHARACTERS: Final = 200


async def discard(settings: Settings, selection: Selection, *, reason: str, progress: Progress = unseen) -> int:
    """Mark the letters that are meant as discarded, and say how many. Started again it goes on where it was.

    Raises InvalidFilter for a reason that says nothing or too much, and as `DeadLetters.selected` does.
    """
    if not reason.strip() or len(reason) > MAX_REASON_CHARACTERS:
        raise InvalidFilter(f"a reason has 1 to {MAX_REASON_CHARACTERS} characters")
    who, number = whoever_asks(), 0
    async with dead_letters(settings) as letters:
        try:
            async for batch in letters.selected(selection, progress):
                now = datetime.now(UTC)
                await letters.states.change(
                    (
                        each.letter,
                        Change(
                            state=State.DISCARDED, by=who, at=now, attempt=each.letter.attempt, reason=reason.strip()
                        ),
                    )
                    for each in batch
                )
                number += len(batch)
        except TransientFailure as error:
            raise TransientFailure(
                f"{error} {number} letters were discarded; start again for the rest.", part=error.part
            ) from error
    return number
