"""On this machine: the demo."""

from typing import Annotated

import typer

from services.local.demo import run

app = typer.Typer(add_completion=False)


WithOpenKlant = Annotated[
    bool, typer.Option("--openklant", help="Start an Open Klant too, which the bridge keeps equal.")
]


@app.command()
def demo(*, openklant: WithOpenKlant = False) -> None:
    """Start everything, send each case of the standard through it, and compare what is stored with what should be."""
    raise typer.Exit(run(openklant=openklant))
