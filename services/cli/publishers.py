"""For publishers of events: what would become of them, and sending them."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.arguments import FAULTS_FOUND, AsJson, EventsFile, count_lines, opened, settings
from services.cli.screen import progress

if TYPE_CHECKING:
    from services.operations.publish import Publication

app = typer.Typer()

PANEL = "For publishers of events"


@app.command(rich_help_panel=PANEL)
def classify(
    file: EventsFile = Path("-"),
    policy: Annotated[Path | None, typer.Option(help="TOML file; else KLANTCONTACT_BELEID_FILE.")] = None,
) -> None:
    """Judge events without any server, and print for each what would be registered, as one JSON object a line.

    An event that is refused gives its line number and what is wrong with it. Exit status 1: some were.
    """
    import orjson

    from services.domain.policy import Beleid
    from services.operations.dry_run import classify as judge
    from services.runtime.policy_file import load_policy_file

    beleid = load_policy_file(policy or settings().beleid_file, Beleid)
    some_invalid = False
    with opened(file) as lines:
        for answer in judge(lines, beleid):
            some_invalid = some_invalid or "fouten" in answer
            sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
    raise typer.Exit(FAULTS_FOUND if some_invalid else 0)


@app.command(rich_help_panel=PANEL)
def publish(file: EventsFile, *, as_json: AsJson = False) -> None:
    """Send events to contact.ended, and say which lines the broker did not take.

    The Kafka key is the event's own `partitionkey`, or else a hash of its contact. Sending a file twice is safe.
    """
    import uvloop

    from services.operations.publish import publish as send

    with opened(file) as lines, progress("sending", shown=not as_json) as bar:
        total = count_lines(file)

        def show(publication: "Publication") -> None:
            bar(publication.sent + publication.refused, total)

        publication = uvloop.run(send(settings(), lines, progress=show))
    if as_json:
        typer.echo(json.dumps(asdict(publication)))
    else:
        for refusal in publication.refusals:
            typer.echo(f"line {refusal.line_number}: {refusal.reason}")
        typer.echo(f"{publication.sent} sent, {publication.refused} refused by the broker")
    raise typer.Exit(FAULTS_FOUND if publication.refused else 0)
