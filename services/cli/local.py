"""On this machine: everything at once, to see it work."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.arguments import settings
from services.cli.screen import progress, tell

app = typer.Typer()

PANEL = "On this machine"


@app.command(rich_help_panel=PANEL)
def demo() -> None:
    """Start everything, send each case of the standard through it, and compare what is stored with what should be."""
    from services.local.demo import run

    raise typer.Exit(run())


@app.command(rich_help_panel=PANEL)
def sample(
    number: Annotated[int, typer.Argument(min=1, max=1_000_000, help="How many events.")] = 1000,
    broken: Annotated[int, typer.Option(min=0, help="So many of them are broken, in five ways.")] = 0,
) -> None:
    """Print made-up events, one a line, to try things on: always the same ones."""
    from services.local.sample import sample as made_up

    if broken > number:
        raise typer.BadParameter("--broken can't be more than all of them.")
    with progress("making up", shown=not sys.stdout.isatty()) as bar:
        for made, line in enumerate(made_up(number, broken=broken), start=1):
            sys.stdout.buffer.write(line + b"\n")
            bar(made, number)


@app.command(rich_help_panel=PANEL)
def up(
    folder: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, writable=True, help="Where data and logs stay for the next time; else they go at the end."
        ),
    ] = None,
) -> None:
    """Start Kafka, MongoDB and both services, print their addresses, and stop it all at Ctrl-C."""
    from services.local.up import run

    given = settings()
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{folder}: {error.strerror}", param_hint="--folder") from error
    run(given, folder=folder, say=tell)
