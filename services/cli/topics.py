"""For operators: the Kafka topics."""

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.screen import print_table
from services.operations.topics import create_topics as create

app = typer.Typer(help="The Kafka topics.", no_args_is_help=True, add_completion=False)


@app.callback()
def _topics() -> None:
    """Make Typer build a group: of one command it would make that command itself."""


@app.command("create")
def create_topics(*, as_json: AsJson = False) -> None:
    """Make the topics that do not exist yet. One that exists is left as it is, and where it differs is shown.

    A topic that differs does for the services, so that is no fault here; `doctor` says what to do about it.
    """
    with waiting("asking Kafka", shown=not as_json):
        states = uvloop.run(create(settings()))
    if as_json:
        print_json({"topics": states})
        return
    rows = [
        (
            state.name,
            "made" if state.created else "existed",
            f"{state.partitions} partitions",
            "\n".join(f"{each.what} is {each.found} and should be {each.wanted}" for each in state.departures),
        )
        for state in states
    ]
    print_table(rows)
