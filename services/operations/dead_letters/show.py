"""`dlq show` and `dlq export`: dead letters for the operator who repairs them. The audit trail has an access first.

`export` writes letters with their content, one JSON object a line. `show` adds the letters of the same record before
this one and after it.
"""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from services.operations.audit.trail import Note, unnoted
from services.operations.dead_letters.content import LETTER, described
from services.operations.dead_letters.letters import (
    UNKNOWN,
    ContentWithheld,
    Letter,
    LetterId,
    LettersRefused,
    Withheld,
)
from services.operations.dead_letters.reading import DeadLetters, Found, dead_letters, unseen
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.topics import letter_topic
from services.operations.topic_reader import Progress
from services.runtime.settings import Settings


async def exported(
    settings: Settings,
    selection: LetterSelection,
    progress: Progress = unseen,
    *,
    left_out: Counter[Withheld] | None = None,
    note: Note = unnoted,
) -> AsyncGenerator[bytes, None]:
    """Yield the lines of the selected letters, some at once. `note` records them first.

    Raises as `DeadLetters.selected` and `note` do. Letters whose content can't be read are left out, and counted in
    `left_out`.
    """
    async with dead_letters(settings, selection.within) as letters:
        async for batch in letters.selected(selection, progress):
            chosen = [each.letter for each in batch if each.letter.withheld is None]
            if left_out is not None:
                left_out.update(each.letter.withheld for each in batch if each.letter.withheld is not None)
            await note_letters(note, chosen, selection.within)
            yield b"".join(_line(letter) for letter in chosen)


async def note_letters(note: Note, letters: Sequence[Letter], within: str | None) -> None:
    """Record that an operator is going to see or change letters. Without letters there is nothing to record.

    `within`: their topic, which stands before their ids unless it is the classifier's.
    """
    if letters:
        topic = f"{within}/" if within is not None else ""
        await note({"letters": len(letters)}, [f"{topic}{letter.id}" for letter in letters])


def line_of(letter: Letter) -> dict[str, Any]:
    """Return the line of one letter: its id and the reason it is there, then its content to be corrected."""
    return {LETTER: str(letter.id), **reason_of(letter), **described(letter.content)}


def _line(letter: Letter) -> bytes:
    # Not orjson: a wrong event may hold a number of more than 64 bits.
    return json.dumps(line_of(letter), ensure_ascii=False).encode() + b"\n"


def reason_of(letter: Letter) -> dict[str, Any]:
    """Return why a letter is there and where it came from, with nothing of its content."""
    origin = letter.origin
    return {
        "kind": letter.kind or UNKNOWN,
        "faults": [{"pad": fault.pad, "soort": fault.soort} for fault in letter.faults],
        "origin": {"topic": origin.topic, "partition": origin.partition, "offset": origin.offset} if origin else None,
        **({"lastOffset": letter.last_offset} if letter.last_offset is not None else {}),
        **({"originalSizes": dict(letter.original_sizes)} if letter.original_sizes else {}),
        "source": letter.source,
        "deadSince": letter.written_at.isoformat(),
        "attempt": letter.attempt,
        **({"mapping": letter.mapping} if letter.mapping is not None else {}),
    }


MAX_LATER = 50
"""Of one letter. It is usually sent back once, and each time makes one letter at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """A letter with those of the same record before and after it."""

    found: Found
    earlier: Sequence[tuple[LetterId, Found | None]]
    """The letters before it, oldest first; None for one that the topic no longer holds."""
    later: Sequence[Found]
    """The letters that came of sending it back."""


async def told(
    settings: Settings,
    letter_id: LetterId,
    *,
    with_content: bool,
    within: str | None = None,
    progress: Progress = unseen,
    note: Note = unnoted,
) -> Told:
    """Return one letter of a topic of letters. With its content, `note` records the access first.

    Raises LettersRefused when the topic does not hold it, ContentWithheld when its content is asked for and can't be
    read, TransientFailure when Kafka or MongoDB is away.
    """
    async with dead_letters(settings, within) as letters:
        found = await letters.one(letter_id)
        if found is None:
            raise LettersRefused([f"{letter_id} is not in {letter_topic(settings, within)}, or no longer."])
        if with_content and found.letter.withheld is not None:
            raise ContentWithheld(letter_id, found.letter.withheld)
        earlier = [(each, await letters.one(each)) for each in found.letter.earlier]
        later = await _later(letters, found, progress)
        if with_content:
            await note_letters(note, [found.letter], within)
        return Told(found, earlier, later)


async def _later(letters: DeadLetters, found: Found, progress: Progress) -> Sequence[Found]:
    """Return the letters that came of sending it back. If it never went back, nothing is read."""
    later: list[Found] = []
    if any(change.state is LetterState.REDRIVEN for change in found.history.changes):
        async for batch in letters.after(found.letter, progress):
            later += [each for each in batch if found.letter.id in each.letter.earlier]
            later = later[:MAX_LATER]
    return later
