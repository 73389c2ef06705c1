"""On this machine: everything at once, to see it work."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.arguments import settings
from services.cli.screen import tell

app = typer.Typer()

PANEL = "On this machine"


@app.command(rich_help_panel=PANEL)
def demo() -> None:
    """Start everything, send each case of the standard through it, and compare what is stored with what should be."""
    from services.local.demo import run

    raise typer.Exit(run())


@app.command(rich_help_panel=PANEL)
def up(
    folder: Annotated[
        Path | None, typer.Option(help="Where data and logs stay for the next time; else they go at the end.")
    ] = None,
) -> None:
    """Start Kafka, MongoDB and both services, print their addresses, and stop it all at Ctrl-C."""
    from services.local.up import run

    run(settings(), folder=folder, say=tell)
