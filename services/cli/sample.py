"""On this machine: events to try things on."""

import sys
from typing import Annotated

import typer

from services.cli.progress import progress
from services.local.sample import sample as made_up

app = typer.Typer(add_completion=False)


@app.command()
def sample(
    number: Annotated[int, typer.Argument(min=1, max=1_000_000, help="How many events.")] = 1000,
    broken: Annotated[int, typer.Option(min=0, help="So many of them are broken, in five ways.")] = 0,
) -> None:
    """Print made-up events, one a line, to try things on: always the same ones."""
    if broken > number:
        raise typer.BadParameter("--broken can't be more than all of them.")
    with progress("making up", shown=not sys.stdout.isatty()) as bar:
        for made, line in enumerate(made_up(number, broken=broken), start=1):
            sys.stdout.buffer.write(line + b"\n")
            bar(made, number)
