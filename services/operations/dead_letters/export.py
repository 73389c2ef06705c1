"""Dead letters with what they hold, for whoever repairs them: one JSON object a line. An access is recorded first."""

import json
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from services.operations.dead_letters.content import described
from services.operations.dead_letters.letters import UNKNOWN, Letter
from services.operations.dead_letters.reading import dead_letters, unseen
from services.operations.dead_letters.selection import Selection
from services.operations.dead_letters.states import Access, LetterStates, whoever_asks
from services.operations.topic_reader import Progress
from services.runtime.settings import Settings

log = structlog.get_logger()

LETTER = "letter"
"""The field of a line that ties it to its letter."""


async def exported(
    settings: Settings, selection: Selection, progress: Progress = unseen
) -> AsyncGenerator[bytes, None]:
    """Give the letters that are meant, some lines at once. Raises as `DeadLetters.selected` does."""
    async with dead_letters(settings) as letters:
        async for batch in letters.selected(selection, progress):
            chosen = [each.letter for each in batch]
            await note_access(letters.states, chosen)
            yield b"".join(_line(letter) for letter in chosen)


async def note_access(states: LetterStates, letters: Sequence[Letter]) -> None:
    """Record and log who is going to see what these letters hold. Raises TransientFailure when it can't be recorded."""
    access = Access(by=whoever_asks(), at=datetime.now(UTC))
    await states.note_accesses(letters, access)
    if letters:
        log.info("dead_letter.content_shown", letters=[str(letter.id) for letter in letters], by=access.by)


def line_of(letter: Letter) -> dict[str, Any]:
    """Give one letter as a line has it: who it is and what was wrong, and then its content to be corrected."""
    return {LETTER: str(letter.id), **reason_of(letter), **described(letter.content)}


def _line(letter: Letter) -> bytes:
    # Not orjson: an event that is wrong may hold a number of more than 64 bits.
    return json.dumps(line_of(letter), ensure_ascii=False).encode() + b"\n"


def reason_of(letter: Letter) -> dict[str, Any]:
    """Say why a letter is there and where it came from, without anything of its content."""
    origin = letter.origin
    return {
        "kind": letter.kind or UNKNOWN,
        "faults": [{"pad": fault.pad, "soort": fault.soort} for fault in letter.faults],
        "origin": {"topic": origin.topic, "partition": origin.partition, "offset": origin.offset} if origin else None,
        "source": letter.source,
        "deadSince": letter.written_at.isoformat(),
        "attempt": letter.attempt,
    }
