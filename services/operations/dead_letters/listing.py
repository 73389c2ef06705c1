"""What lies among the dead letters, in groups: one for each kind, place, source and state."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from schemas.faults import RefusalKind
from services.operations.dead_letters.letters import UNKNOWN, Letter, LetterId
from services.operations.dead_letters.reading import Found, dead_letters, unseen
from services.operations.dead_letters.selection import Selection, State
from services.operations.topic_reader import Progress
from services.runtime.settings import Settings

MAX_PATHS: Final = 5
"""Of one letter; an event that is wrong in more places is wrong as a whole."""

MAX_GROUPS: Final = 1_000
"""More than anybody reads. What is in none of the first is counted together, so that memory has a bound."""


class What(NamedTuple):
    """What the letters of a group have in common."""

    kind: RefusalKind | None
    paths: tuple[str, ...]
    """The first of them in order, without list positions; an empty one is the event as a whole."""
    source: str
    state: State


OTHERS: Final = What(None, ("…",), UNKNOWN, State.OPEN)
"""Stands for everything beyond the first thousand groups."""


@dataclass(slots=True)
class Group:
    """Letters that have the same wrong with them."""

    what: What
    oldest: datetime
    newest: datetime
    example: LetterId
    """The newest of them: what is wrong with it is how things are now."""
    number: int = 0


@dataclass(slots=True)
class Groups:
    """Puts letters into groups, and keeps none of them."""

    groups: dict[What, Group] = field(default_factory=dict)

    def add(self, letter: Letter, state: State) -> None:
        """Count a letter."""
        what = What(letter.kind, letter.paths[:MAX_PATHS], letter.source, state)
        if what not in self.groups and len(self.groups) >= MAX_GROUPS:
            what = OTHERS
        written = letter.written_at
        group = self.groups.setdefault(what, Group(what, written, written, letter.id))
        group.number += 1
        group.oldest = min(group.oldest, written)
        if written >= group.newest:
            group.newest, group.example = written, letter.id

    def largest_first(self) -> list[Group]:
        """Give the groups; of two of one size the one that began first."""
        return sorted(self.groups.values(), key=lambda group: (-group.number, group.oldest))


async def listed(settings: Settings, selection: Selection, progress: Progress = unseen) -> list[Group]:
    """Give the groups of the letters that are meant, largest first. Raises as `DeadLetters.selected` does."""
    async with dead_letters(settings) as letters:
        return (await grouped(letters.selected(selection, progress))).largest_first()


async def grouped(batches: AsyncIterable[list[Found]]) -> Groups:
    """Group letters as they come."""
    groups = Groups()
    async for batch in batches:
        for each in batch:
            groups.add(each.letter, each.history.state)
    return groups
