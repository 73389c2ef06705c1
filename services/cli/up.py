"""On this machine: everything at once, to see it work."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.arguments import settings
from services.cli.streams import tell
from services.local.up import run

app = typer.Typer(add_completion=False)


@app.command()
def up(
    folder: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            writable=True,
            help="Where data and logs stay for the next time, for its owner only; else they go at the end.",
        ),
    ] = None,
) -> None:
    """Start Kafka, MongoDB and both services, print their addresses, and stop it all at Ctrl-C."""
    given = settings()
    try:
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{folder}: {error.strerror}", param_hint="--folder") from error
    run(given, folder=folder, say=tell)
