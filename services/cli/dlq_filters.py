"""The options by which an operator selects dead letters, the same for every command."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from schemas.faults import RefusalKind
from services.operations.dead_letters.letters import InvalidFilter, LetterId
from services.operations.dead_letters.selection import (
    LetterSelection,
    LetterState,
    moment_filter,
    path_filter,
    source_filter,
)

T = TypeVar("T")


class Shown(StrEnum):
    """The values of --state."""

    OPEN = "open"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"
    ALL = "all"


Kinds = Annotated[list[RefusalKind] | None, typer.Option("--kind", help="Why it was refused. May be repeated.")]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", help="Where: data.onderwerpen.*.inhoud, or the beginning of a path. May be repeated."),
]
Sources = Annotated[list[str] | None, typer.Option("--source", help="The system that sent it. May be repeated.")]
Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="The topic that it came from, and goes back to. May be repeated.")
]
Within = Annotated[
    str | None,
    typer.Option(
        "--in",
        metavar="TOPIC",
        help="The topic of the letters: that of contact.ended unless given, or kanaal.NAME.dlq of a channel.",
    ),
]
Ids = Annotated[list[str] | None, typer.Option("--id", help="One letter, as in 3-120. May be repeated.")]
Since = Annotated[
    str | None, typer.Option(help="Dead from this moment on: 2026-11-20T09:00:00+01:00, or 90s, 30m, 2h, 3d, 1w ago.")
]
Until = Annotated[str | None, typer.Option(help="Dead before this moment, in the same forms.")]
StateFilter = Annotated[
    list[Shown] | None,
    typer.Option(
        "--state",
        help="What was done with it: open unless given. One that is named may always be open. May be repeated.",
    ),
]


def selection(
    *,
    kinds: Sequence[RefusalKind] | None,
    paths: Sequence[str] | None,
    sources: Sequence[str] | None,
    topics: Sequence[str] | None,
    ids: Sequence[str] | None,
    since: str | None,
    until: str | None,
    states: Sequence[Shown] | None,
    within: str | None,
) -> LetterSelection:
    """Return the selection of these options. Raises typer.BadParameter, which names the option."""
    now, shown = datetime.now(UTC), states or [Shown.OPEN]

    def moment(text: str) -> datetime:
        return moment_filter(text, now)

    with refused("--since"):
        return LetterSelection(
            states=frozenset(LetterState if Shown.ALL in shown else (LetterState(each.value) for each in shown)),
            kinds=frozenset(kinds or ()),
            paths=_each("--path", path_filter, paths),
            sources=_each("--source", source_filter, sources),
            topics=frozenset(topics or ()),
            within=within,
            ids=_each("--id", LetterId.parse, ids),
            since=next(iter(_each("--since", moment, [since] if since else None)), None),
            until=next(iter(_each("--until", moment, [until] if until else None)), None),
        )


def _each(option: str, read: Callable[[str], T], texts: Sequence[str] | None) -> frozenset[T]:
    with refused(option):
        return frozenset(read(text) for text in texts or ())


@contextmanager
def refused(option: str) -> Iterator[None]:
    """Raise typer.BadParameter, which names the option, in place of InvalidFilter."""
    try:
        yield
    except InvalidFilter as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
