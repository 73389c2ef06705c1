"""The dead letters of one contact: what was wrong with them, when and what was done; nothing of what they hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from schemas.faults import RefusalKind
from services.operations.dead_letters.letters import letter_of
from services.operations.dead_letters.selection import State
from services.operations.dead_letters.states import letter_states
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

MAX_LETTERS: Final = 20
"""Of one contact so many are told, the newest: a publisher may send the same broken event for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter, without its content."""

    id: str
    """Partition and offset in the topic of the dead letters, as in `3-120`."""
    written_at: datetime
    kind: RefusalKind | None
    """None: somebody else put it there."""
    paths: tuple[str, ...]
    """Where something was wrong, list positions left out, each once and in order."""
    state: State


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest dead letters of a contact, oldest first, and how many there were in all."""

    number: int = 0
    newest: tuple[Letter, ...] = ()


async def with_states(settings: Settings, records: Iterable["ConsumerRecord[bytes, bytes]"]) -> tuple[Letter, ...]:
    """Tell of records of the dead letter topic, and what was done with each. Raises as `LetterStates` does."""
    letters = [letter_of(each) for each in records]
    if not letters:
        return ()
    async with letter_states(settings) as states:
        histories = await states.histories(letters)
    return tuple(
        Letter(
            id=str(letter.id),
            written_at=letter.written_at,
            kind=letter.kind,
            paths=letter.paths,
            state=history.state,
        )
        for letter, history in zip(letters, histories, strict=True)
    )
