"""What commands share on the screen: one line, a table, and how far something has come."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import typer

STYLES = {"ok": "green", "NOT OK": "bold red"}

Progress = Callable[[int, int | None], None]
"""Takes what is done, and how much there is in all when that is known."""


def tell(line: str) -> None:
    """Say something to the person, beside what a program may read."""
    typer.echo(line, err=True)


def print_table(rows: Iterable[Sequence[str]], *, heading: Sequence[str] = (), bold_first: bool = False) -> None:
    """Print rows in columns as wide as they need; what stands in a cell is never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    if bold_first:
        table.add_column(style="bold", no_wrap=True)
    if heading:
        table.add_row(*(Text(cell, style="bold") for cell in heading))
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, ""), overflow="fold") for cell in row))
    Console().print(table)


@contextmanager
def progress(description: str, *, shown: bool) -> Iterator[Progress]:
    """Show how far something has come, with its rate and the time left; only where a person looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), disable=not (shown and sys.stderr.isatty())) as bars:
        task = bars.add_task(description, total=None, rate="")

        def show(done: int, of: int | None) -> None:
            speed = bars.tasks[task].speed
            bars.update(task, completed=done, total=of, rate=f"{speed:,.0f}/s" if speed else "")

        yield show
