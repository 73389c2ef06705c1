"""For operators: the topics, and whether everything is there."""

import json

import typer

from services.cli.arguments import FAULTS_FOUND, AsJson, settings
from services.cli.screen import json_value, print_table, waiting

PANEL = "For operators"

app = typer.Typer()
topics_app = typer.Typer(help="The Kafka topics.", no_args_is_help=True)
app.add_typer(topics_app, name="topics", rich_help_panel=PANEL)


@topics_app.command("create")
def create_topics(*, as_json: AsJson = False) -> None:
    """Make the topics that do not exist yet. One that exists is left as it is, and where it differs is shown.

    A topic that differs does for the services, so that is no fault here; `doctor` says what to do about it.
    """
    import uvloop

    from services.operations.topics import create_topics as create

    with waiting("asking Kafka", shown=not as_json):
        states = uvloop.run(create(settings()))
    if as_json:
        typer.echo(json.dumps({"topics": json_value(states)}))
    else:
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


@app.command(rich_help_panel=PANEL)
def doctor(*, as_json: AsJson = False) -> None:
    """Look whether everything is there that the services need, and say what to do about what is not."""
    import uvloop

    from services.operations.doctor import examine

    with waiting("asking Kafka and MongoDB", shown=not as_json):
        checks = uvloop.run(examine(settings()))
    if as_json:
        typer.echo(json.dumps({"checks": json_value(checks)}))
    else:
        print_table(
            ("ok" if check.ok else "NOT OK", check.name, f"{check.found}\n{check.advice}".strip()) for check in checks
        )
    raise typer.Exit(0 if all(check.ok for check in checks) else FAULTS_FOUND)
