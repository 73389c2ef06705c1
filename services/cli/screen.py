"""What commands share on the screen: a line, a table, how far something has come, and JSON for a program.

In JSON our frozen values are objects whose names are in camelCase, as everywhere on the wire.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

STYLES = {"ok": "green", "NOT OK": "bold red"}

UNBROKEN: Final = 1_000_000
"""Columns where stdout is no terminal: there a line stays one, for `grep` to find it whole."""


def tell(line: str) -> None:
    """Write a line for a person to stderr, beside what a program may read."""
    typer.echo(line, err=True)


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


class Bar:
    """A progress bar, and lines above it, which would otherwise run through it."""

    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def __call__(self, done: int, of: int | None) -> None:
        """Show how much is done, and how much there is in all when that is known."""
        if self._bars.disable:
            return
        speed = self._bars.tasks[self._task].speed
        self._bars.update(self._task, completed=done, total=of, rate=f"{speed:,.0f}/s" if speed else "")

    def print(self, line: Text | str) -> None:
        """Print a line to stdout. It is never read as markup."""
        text = Text(line) if isinstance(line, str) else line
        if sys.stdout.isatty():
            self._bars.console.print(text)
        else:
            typer.echo(text.plain)


@contextmanager
def progress(description: str, *, shown: bool) -> Iterator[Bar]:
    """Provide a progress bar with a rate and the time left; it shows only on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    console = _screen()
    with Bars(
        *columns,
        console=console,
        disable=not (shown and console.file.isatty()),
        # Output to a program or a file must not go through the terminal.
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=sys.stderr.isatty(),
    ) as bars:
        yield Bar(bars, bars.add_task(description, total=None, rate=""))


@contextmanager
def waiting(description: str, *, shown: bool) -> Iterator[None]:
    """Show a spinner for work of unknown length; it shows only on a terminal."""
    console = _screen()
    if not (shown and console.file.isatty()):
        yield
        return
    with console.status(description):
        yield


def _screen() -> Console:
    """Return the terminal that a person looks at: stdout, where that is one, else stderr."""
    return Console(stderr=not sys.stdout.isatty())


def print_json(answer: object, *, spread: bool = False) -> None:
    """Write one answer to stdout as one line of JSON; `spread` lays it out over several lines for a person."""
    write_json_line(answer, spread=spread)
    sys.stdout.flush()


def write_json_line(value: object, *, spread: bool = False) -> None:
    """Write one value of many to stdout, compact and in UTF-8. It may stay in the buffer."""
    try:
        line = orjson.dumps(value, default=json_value, option=_FORM | (orjson.OPT_INDENT_2 if spread else 0))
    except orjson.JSONEncodeError:  # half of a surrogate pair: JSON has it only as an escape
        plain = json_value(value)
        line = json.dumps(plain, indent=2).encode() if spread else json.dumps(plain, separators=(",", ":")).encode()
    sys.stdout.buffer.write(line + b"\n")


_FORM: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS


def json_value(value: object) -> Any:  # noqa: ANN401 - what JSON has
    """Return a value, and all that it holds, as JSON has it. The keys of a mapping stay as they are."""
    if is_dataclass(value):
        return {_camel(each.name): json_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    assert isinstance(value, Iterable), f"JSON has no {type(value).__name__}"
    return [json_value(each) for each in value]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
