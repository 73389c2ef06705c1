"""The filters by which an operator selects dead letters, the same for all commands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.faults import RefusalKind, generalised
from schemas.reading.origin import SOURCE
from services.operations.dead_letters.letters import UNKNOWN, InvalidFilter, Letter, LetterId
from services.operations.wording import read_moment


class LetterState(StrEnum):
    """The state of a letter: the last thing that a command did with it."""

    OPEN = "open"
    """Nothing yet."""
    REDRIVEN = "redriven"
    """It went back to where it came from. If it failed again, that made another letter."""
    DISCARDED = "discarded"
    """An operator has decided, with a reason, that it needs no repair."""


OPEN_ONLY: Final = frozenset({LetterState.OPEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSelection:
    """A letter is selected when it fits every filter that was given, each with one of its values."""

    states: frozenset[LetterState] = OPEN_ONLY
    kinds: frozenset[RefusalKind] = frozenset()
    paths: frozenset[str] = frozenset()
    """As `path_filter` returns them."""
    sources: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    """Those that the records came from."""
    within: str | None = None
    """The topic of dead letters; None: that of the classifier."""
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
        """Whether no filter narrows it down; the states and the topic of letters do not count."""
        return not (self.kinds or self.paths or self.sources or self.topics or self.ids or self.since or self.until)

    def takes(self, state: LetterState) -> bool:
        """Whether a letter in this state is selected. One that is named may always be open."""
        return state in self.states or (bool(self.ids) and state is LetterState.OPEN)

    def fits(self, letter: Letter) -> bool:
        """Whether a letter fits the filters but for its state and its time, which the reader looks up."""
        return (
            (not self.kinds or letter.kind in self.kinds)
            and (not self.sources or letter.source in self.sources)
            and (not self.topics or (letter.origin is not None and letter.origin.topic in self.topics))
            and (not self.ids or letter.id in self.ids)
            and (not self.paths or any(_lies_in(path, self.paths) for path in letter.paths))
        )


def _lies_in(path: str, filters: frozenset[str]) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in filters)


def path_filter(text: str) -> str:
    """Return the filter of a path or its beginning: `data.onderwerpen` selects all below it. Raises InvalidFilter."""
    if not text or any(not part or part.isspace() for part in text.split(".")):
        raise InvalidFilter("a path looks like data.onderwerpen.*.inhoud, or is the beginning of one")
    return generalised(text)


def source_filter(text: str) -> str:
    """Return the filter of a source as `dlq list` shows it. Raises InvalidFilter."""
    if text != UNKNOWN and not SOURCE.fullmatch(text):
        raise InvalidFilter(
            f"a source looks like urn:nld:oin:<oin>:systeem:<naam>; {UNKNOWN} is one that can't be read"
        )
    return text


def moment_filter(text: str, now: datetime) -> datetime:
    """Return the moment of a text: with an offset from UTC, or how long ago it was. Raises InvalidFilter."""
    try:
        return read_moment(text, now)
    except ValueError as error:
        raise InvalidFilter(str(error)) from error
