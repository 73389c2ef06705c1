"""For publishers of events: what would be registered for their own events."""

import sys
from pathlib import Path

import typer

from services.cli.arguments import EventsFile, PolicyFile, ToTopic, beleid, count_lines, opened, to_topic
from services.cli.json_values import write_json_line
from services.cli.progress import progress
from services.cli.streams import FAULTS_FOUND
from services.operations.classify import classify as judge

app = typer.Typer(add_completion=False)


@app.command()
def classify(file: EventsFile = Path("-"), policy: PolicyFile = None, topic: ToTopic = None) -> None:
    """Judge events without any server, and print for each what would be registered, as one JSON object a line.

    An event that is refused gives its line number and what is wrong with it. Exit status 1: some were.
    """
    some_invalid, chosen = False, beleid(policy)
    with opened(file) as lines, progress("judging", shown=not sys.stdout.isatty()) as bar:
        total = count_lines(lines)
        for number, answer in enumerate(judge(lines, chosen, to_topic(topic, chosen)), start=1):
            some_invalid = some_invalid or "fouten" in answer
            write_json_line(answer)
            bar(number, total)
    sys.stdout.flush()
    raise typer.Exit(FAULTS_FOUND if some_invalid else 0)
