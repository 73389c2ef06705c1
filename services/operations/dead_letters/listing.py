"""`dlq list`: the dead letters in groups, one for each kind, set of paths, source and state."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from schemas.faults import RefusalKind
from services.operations.dead_letters.letters import UNKNOWN, Letter, LetterId
from services.operations.dead_letters.reading import Found, dead_letters, unseen
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.topic_reader import Progress
from services.runtime.settings import Settings

MAX_PATHS: Final = 5
"""Of one letter. An event that is wrong in more places is wrong as a whole."""

MAX_GROUPS: Final = 1_000
"""More than a person reads. All further groups are counted as one, so that memory has a bound."""


class GroupKey(NamedTuple):
    """The facts that the letters of a group have in common."""

    kind: RefusalKind | None
    paths: tuple[str, ...]
    """The first of them in order, without list positions. An empty path is the event as a whole."""
    source: str
    state: LetterState


OTHERS: Final = GroupKey(None, ("…",), UNKNOWN, LetterState.OPEN)
"""The group of all letters beyond the first thousand groups."""


@dataclass(slots=True)
class LetterGroup:
    """Letters with one key, counted."""

    key: GroupKey
    oldest: datetime
    newest: datetime
    example: LetterId
    """The newest of them: it shows how things are now."""
    number: int = 0


@dataclass(slots=True)
class Groups:
    """Counts letters in groups, and keeps none of them."""

    groups: dict[GroupKey, LetterGroup] = field(default_factory=dict)

    def add(self, letter: Letter, state: LetterState) -> None:
        """Count a letter."""
        key = GroupKey(letter.kind, letter.paths[:MAX_PATHS], letter.source, state)
        if key not in self.groups and len(self.groups) >= MAX_GROUPS:
            key = OTHERS
        written = letter.written_at
        group = self.groups.setdefault(key, LetterGroup(key, written, written, letter.id))
        group.number += 1
        group.oldest = min(group.oldest, written)
        if written >= group.newest:
            group.newest, group.example = written, letter.id

    def largest_first(self) -> list[LetterGroup]:
        """Return the groups, largest first; of two of one size the older first."""
        return sorted(self.groups.values(), key=lambda group: (-group.number, group.oldest))


async def listed(settings: Settings, selection: LetterSelection, progress: Progress = unseen) -> list[LetterGroup]:
    """Return the groups of the selected letters, largest first. Raises as `DeadLetters.selected` does."""
    async with dead_letters(settings, selection.within) as letters:
        return (await grouped(letters.selected(selection, progress))).largest_first()


async def grouped(batches: AsyncIterable[list[Found]]) -> Groups:
    """Return the groups of all these letters."""
    groups = Groups()
    async for batch in batches:
        for each in batch:
            groups.add(each.letter, each.history.state)
    return groups
