"""How far a command has come: a bar or a spinner on a terminal, and nothing elsewhere.

Rich draws them. It is loaded for a terminal only, since most commands run where nobody looks.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self, TypeAlias

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


class Steps:
    """A bar for each step of a command in turn."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._open = ExitStack()
        self._step = ""
        self._bar = Bar()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def show(self, step: str, done: int, of: int | None) -> None:
        """Show how much of a step is done, and how much there is in all when that is known."""
        if step != self._step:
            self._open.close()
            self._step, self._bar = step, self._open.enter_context(progress(step, shown=self._shown))
        self._bar(done, of)


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
