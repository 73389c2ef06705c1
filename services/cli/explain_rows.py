"""The rows that explanations have in common: the first few of a list, where something lies, and dead letters."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.positions import Position
from services.cli.dlq_screen import UNKNOWN_KIND, WHOLE_EVENT
from services.operations.dead_letters.reading import Found
from services.operations.explain.channel_letters import ChannelLetters
from services.operations.explain.letters import Letters
from services.operations.mapped_from import MappedFrom, mapped_from
from services.operations.wording import counted, printable, to_the_second

Row = tuple[str, str]

MOST: Final = {
    "onderwerp": 2,
    "betrokkene": 1,
    "earlier": 2,
    "events": 3,
    "taken back": 2,
    "projector": 2,
    "Open Klant": 2,
    "overtaken": 1,
    "dead letters": 1,
    "of a channel": 1,
}
"""So many of each fit. One more is shown when it is the last: the line that counts the rest takes as much room."""

MANY: Final = 12
"""So many dead letters of channels fit where there is no decision to show."""

MAX_PATHS: Final = 1


def few(name: str, texts: Sequence[str], *, number: int | None = None, most: int | None = None) -> Iterator[Row]:
    """Return the first of some texts and how many more there are; `number` counts them when `texts` has only a part."""
    number, most = len(texts) if number is None else number, most or MOST[name]
    shown = texts[: most if number > most + 1 else number]
    for at, text in enumerate(shown):
        yield name if at == 0 else "", text
    if more := number - len(shown):
        yield "", f"… and {more} more; --json gives more of them"


def where(position: Position) -> str:
    """Return a position in words."""
    return f"{position.topic}, partition {position.partition}, offset {position.offset}"


def mapped(given: MappedFrom) -> str:
    """Return the message of a channel that an event was mapped from."""
    return f"{where(given.message)}, by mapping {printable(given.mapping)}"


def letter_rows(letters: Letters) -> Iterator[Row]:
    """Return the rows for dead letters, the newest first."""
    if not letters.number:
        yield "dead letters", "none"
        return
    yield from few("dead letters", [_letter(each) for each in reversed(letters.newest)], number=letters.number)


def channel_rows(found: Sequence[ChannelLetters], *, most: int | None = None) -> Iterator[Row]:
    """Yield the rows for dead letters of channels: how many could be of the contact, then those that are, the newest
    first.
    """
    could_be = [
        f"{counted(each.could_be, 'open dead letter')} could be of it: klantcontact dlq list --in {each.topic}"
        for each in found
        if each.could_be
    ]
    letters = [f"{each.topic}: {_letter(letter)}" for each in found for letter in reversed(each.letters.newest)]
    number = len(could_be) + sum(each.letters.number for each in found)
    yield from few("of a channel", [*could_be, *letters], number=number, most=most)


def _letter(found: Found) -> str:
    letter = found.letter
    paths = [printable(path) or WHOLE_EVENT for path in letter.paths]
    more = f" (+{len(paths) - MAX_PATHS})" if len(paths) > MAX_PATHS else ""
    where = f" at {', '.join(paths[:MAX_PATHS])}{more}" if paths else ""
    cut = ", cut" if letter.is_cut else ""
    came = mapped_from(letter.content.headers)
    return (
        f"{letter.id}, {to_the_second(letter.written_at)}, {found.history.state}: "
        f"{letter.kind or UNKNOWN_KIND}{where}{cut}" + (f"\nmapped from {mapped(came)}" if came else "")
    )
