"""The dead letters of one contact: what was wrong with them and when, and nothing of what they hold."""

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas.faults import RefusalKind
from services.runtime import dead_letters

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

MAX_LETTERS: Final = 20
"""Of one contact so many are kept, the newest: a publisher may send the same broken event for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter."""

    id: str
    """Partition and offset in the topic of the dead letters, as in `3-120`."""
    written_at: datetime
    kind: RefusalKind | None
    """None: somebody else put it there."""
    paths: tuple[str, ...]
    """Where something was wrong, in the order in which it was found, each once."""


@dataclass(slots=True)
class Letters:
    """The newest dead letters of a contact, and how many there were in all."""

    number: int = 0
    newest: deque[Letter] = field(default_factory=lambda: deque(maxlen=MAX_LETTERS))

    def add(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Take in a letter that is of the contact."""
        self.number += 1
        self.newest.append(letter_of(record))


def letter_of(record: "ConsumerRecord[bytes, bytes]") -> Letter:
    """Read the headers that we added to a dead letter."""
    given = dict(record.headers)
    return Letter(
        id=f"{record.partition}-{record.offset}",
        written_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        kind=_kind(given.get(dead_letters.KIND)),
        paths=_paths(given.get(dead_letters.FAULTS)),
    )


def _kind(value: bytes | None) -> RefusalKind | None:
    try:
        return RefusalKind((value or b"").decode())
    except ValueError:
        return None


def _paths(value: bytes | None) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(str(each["pad"]) for each in json.loads(value or b"[]")))
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
