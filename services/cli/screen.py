"""What rich draws on the screen: a table, a progress bar and a spinner."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from services.cli.progress import Bar, Styled

STYLES = {"ok": "green", "NOT OK": "bold red"}

UNBROKEN: Final = 1_000_000
"""Columns where stdout is no terminal: there a line stays one, for `grep` to find it whole."""


def print_table(rows: Iterable[Sequence[str]], *, heading: Sequence[str] = (), bold_first: bool = False) -> None:
    """Print rows in columns as wide as they need. A cell is never read as markup."""
    table = Table.grid(padding=(0, 2))
    if bold_first:
        table.add_column(style="bold", no_wrap=True)
    if heading:
        table.add_row(*(Text(cell, style="bold") for cell in heading))
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, ""), overflow="fold") for cell in row))
    if sys.stdout.isatty():
        Console().print(table)
        return
    console = Console(width=UNBROKEN, color_system=None)
    with console.capture() as printed:
        console.print(table)
    for line in printed.get().splitlines():
        typer.echo(line.rstrip())


class DrawnBar(Bar):
    """A progress bar, and lines above it, which would otherwise run through it."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def __call__(self, done: int, of: int | None) -> None:
        """Show how much is done, and how much there is in all when that is known."""
        speed = self._bars.tasks[self._task].speed
        self._bars.update(self._task, completed=done, total=of, rate=f"{speed:,.0f}/s" if speed else "")

    def print(self, *pieces: Styled) -> None:
        """Print a line to stdout. It is never read as markup."""
        if sys.stdout.isatty():
            self._bars.console.print(Text.assemble(*pieces))
        else:
            super().print(*pieces)


@contextmanager
def bar(description: str) -> Iterator[Bar]:
    """Draw a progress bar with a rate and the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=_screen(),
        # Output to a program or a file must not go through the terminal.
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=sys.stderr.isatty(),
    ) as bars:
        yield DrawnBar(bars, bars.add_task(description, total=None, rate=""))


def spinner(description: str) -> AbstractContextManager[object]:
    """Draw a spinner."""
    return _screen().status(description)


def _screen() -> Console:
    """Return the terminal that a person looks at: stdout, where that is one, else stderr."""
    return Console(stderr=not sys.stdout.isatty())
