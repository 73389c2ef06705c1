"""Which dead letters an operator means: the filters that all commands share."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.faults import RefusalKind, generalised
from services.operations.dead_letters.letters import SOURCE, UNKNOWN, InvalidFilter, Letter, LetterId
from services.operations.wording import read_moment


class State(StrEnum):
    """What was done with a letter."""

    OPEN = "open"
    """Nothing yet."""
    REDRIVEN = "redriven"
    """It went back to where it came from; whether it was decided then or failed again is another letter's matter."""
    DISCARDED = "discarded"
    """Somebody has decided, with a reason, that it needs no repair."""


OPEN_ONLY: Final = frozenset({State.OPEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A letter is meant when it fits every filter that was given, each with one of its values."""

    states: frozenset[State] = OPEN_ONLY
    kinds: frozenset[RefusalKind] = frozenset()
    paths: frozenset[str] = frozenset()
    """As `path_filter` gives them."""
    sources: frozenset[str] = frozenset()
    ids: frozenset[LetterId] = frozenset()
    since: datetime | None = None
    """The moment of becoming a dead letter: from here on …"""
    until: datetime | None = None
    """… and before here."""

    def __post_init__(self) -> None:
        if self.since and self.until and self.since >= self.until:
            raise InvalidFilter("--since must lie before --until")

    @property
    def is_everything(self) -> bool:
        """Tell whether no filter narrows it down."""
        return not (self.kinds or self.paths or self.sources or self.ids or self.since or self.until)

    def takes(self, state: State) -> bool:
        """Tell whether a letter in this state is meant: one that is named may always be open."""
        return state in self.states or (bool(self.ids) and state is State.OPEN)

    def fits(self, letter: Letter) -> bool:
        """Tell whether a letter is meant. Its state and its time are left to whoever looks them up."""
        return (
            (not self.kinds or letter.kind in self.kinds)
            and (not self.sources or letter.source in self.sources)
            and (not self.ids or letter.id in self.ids)
            and (not self.paths or any(_lies_in(path, self.paths) for path in letter.paths))
        )


def _lies_in(path: str, filters: frozenset[str]) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in filters)


def path_filter(text: str) -> str:
    """Read a path, or the beginning of one: `data.onderwerpen` means all below it. Raises InvalidFilter."""
    if not text or any(not part or part.isspace() for part in text.split(".")):
        raise InvalidFilter("a path looks like data.onderwerpen.*.inhoud, or is the beginning of one")
    return generalised(text)


def source_filter(text: str) -> str:
    """Read a source as `dlq list` shows it. Raises InvalidFilter."""
    if text != UNKNOWN and not SOURCE.fullmatch(text):
        raise InvalidFilter(
            f"a source looks like urn:nld:oin:<oin>:systeem:<naam>; {UNKNOWN} is one that can't be read"
        )
    return text


def moment_filter(text: str, now: datetime) -> datetime:
    """Read a moment with its offset from UTC, or how long ago it was. Raises InvalidFilter."""
    try:
        return read_moment(text, now)
    except ValueError as error:
        raise InvalidFilter(str(error)) from error
