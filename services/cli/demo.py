"""On this machine: the demo."""

import typer

from services.local.demo import run

app = typer.Typer(add_completion=False)


@app.command()
def demo() -> None:
    """Start everything, send each case of the standard through it, and compare what is stored with what should be."""
    raise typer.Exit(run())
