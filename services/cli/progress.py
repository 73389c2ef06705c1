"""How far a command has come: a bar or a spinner on a terminal, and nothing elsewhere.

Rich draws them. It is loaded for a terminal only, since most commands run where nobody looks.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import typer

from services.cli.lazy import load

Styled: TypeAlias = str | tuple[str, str]
"""A piece of a line, or a piece and the style that a terminal shows it in."""


class Bar:
    """Where there is no terminal: shows no progress, and prints lines as they are."""

    def __call__(self, done: int, of: int | None) -> None:
        """Show how much is done, and how much there is in all when that is known."""

    def print(self, *pieces: Styled) -> None:
        """Print a line to stdout. It is never read as markup."""
        typer.echo("".join(piece if isinstance(piece, str) else piece[0] for piece in pieces))


@contextmanager
def progress(description: str, *, shown: bool) -> Iterator[Bar]:
    """Provide a progress bar with a rate and the time left; it shows only on a terminal."""
    if not (shown and _somebody_looks()):
        yield Bar()
        return
    with load("services.cli.screen", "bar")(description) as drawn:
        yield drawn


@contextmanager
def waiting(description: str, *, shown: bool) -> Iterator[None]:
    """Show a spinner for work of unknown length; it shows only on a terminal."""
    if not (shown and _somebody_looks()):
        yield
        return
    with load("services.cli.screen", "spinner")(description):
        yield


def _somebody_looks() -> bool:
    """Whether stdout is a terminal, or stderr."""
    return sys.stdout.isatty() or sys.stderr.isatty()
