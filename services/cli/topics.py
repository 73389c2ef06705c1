"""For operators: the Kafka topics."""

from collections import Counter

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.screen import print_table
from services.operations.markers import append_due_markers
from services.operations.topics import create_topics as create
from services.operations.wording import counted

app = typer.Typer(help="The Kafka topics.", no_args_is_help=True, add_completion=False)


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


@app.command("mark")
def mark_topics(*, as_json: AsJson = False) -> None:
    """Append a marker to each output partition to which nobody wrote for a while, so that Kafka closes its segment.

    Only then does Kafka remove what a withdrawal, a correction or an erasure replaced there. Run it daily.
    """
    with waiting("asking Kafka", shown=not as_json):
        marked = uvloop.run(append_due_markers(settings()))
    if as_json:
        print_json({"marked": [{"topic": each.topic, "partition": each.partition} for each in marked]})
        return
    print_table(
        [(topic, counted(number, "marker")) for topic, number in Counter(each.topic for each in marked).items()]
    )
