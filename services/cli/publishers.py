"""For publishers of events: what is wrong with them, what would become of them, and sending them."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from services.cli.arguments import (
    FAULTS_FOUND,
    AsJson,
    AsJsonLines,
    EventsFile,
    PolicyFile,
    beleid,
    count_lines,
    opened,
    settings,
)
from services.cli.screen import json_value, progress, tell
from services.operations.wording import printable

if TYPE_CHECKING:
    from rich.text import Text

    from services.operations.validate import Summary, Validation

app = typer.Typer()

PANEL = "For publishers of events"


@app.command(rich_help_panel=PANEL)
def validate(file: EventsFile, policy: PolicyFile = None, *, as_json: AsJsonLines = False) -> None:
    """Say what is wrong with events, what to do about it, and which line of the schema says so.

    The checks are the classifier's own, without any server: of each event by itself, and of what only the lines
    together show, such as one revisie with two contents. Fields that are not read are named too, and are no error.
    Exit status 1: some events are invalid.
    """
    import orjson

    from services.operations.validate import Summary
    from services.operations.validate import validate as check

    summary, chosen = Summary(), beleid(policy)
    with opened(file) as lines, progress("validating", shown=not (as_json and sys.stdout.isatty())) as bar:
        total = count_lines(lines)
        for validation in check(lines, chosen):
            summary.add(validation)
            if as_json:
                sys.stdout.buffer.write(orjson.dumps(json_value(validation), option=orjson.OPT_APPEND_NEWLINE))
            elif validation.findings or validation.unknown_fields:
                bar.print(_told(validation))
            bar(summary.events, total)
    if not as_json:
        _print_summary(summary)
    sys.stdout.flush()
    raise typer.Exit(FAULTS_FOUND if summary.invalid else 0)


def _print_summary(summary: "Summary") -> None:
    valid = summary.events - summary.invalid
    typer.echo(f"{summary.events} events: {valid} valid, {summary.invalid} invalid")
    for (pad, soort), count in summary.causes.most_common():
        typer.echo(f"{count:>7}  {pad or 'the event'}: {soort}")


def _told(validation: "Validation") -> "Text":
    """Write what there is to say of one event, for a person; an empty line ends it."""
    from rich.text import Text

    contact = f", contact {printable(validation.contact_id)}" if validation.contact_id else ""
    told = Text().append(f"line {validation.line_number}{contact}", "bold")
    for finding in validation.findings:
        told.append("\n  ").append(finding.pad or "the event", "cyan").append(": ").append(finding.soort, "red")
        told.append(f"\n    {finding.hint}\n    {finding.schema.file}:{finding.schema.line}  {finding.schema.rule}")
    for unknown in validation.unknown_fields:
        meant = f"; is `{unknown.meant}` meant?" if unknown.meant else ""
        told.append("\n  ").append(printable(unknown.pad), "cyan").append(f": not read, no such field{meant}")
    return told.append("\n")


@app.command(rich_help_panel=PANEL)
def classify(file: EventsFile = Path("-"), policy: PolicyFile = None) -> None:
    """Judge events without any server, and print for each what would be registered, as one JSON object a line.

    An event that is refused gives its line number and what is wrong with it. Exit status 1: some were.
    """
    import orjson

    from services.operations.classify import classify as judge

    some_invalid, chosen = False, beleid(policy)
    with opened(file) as lines, progress("judging", shown=not sys.stdout.isatty()) as bar:
        total = count_lines(lines)
        for number, answer in enumerate(judge(lines, chosen), start=1):
            some_invalid = some_invalid or "fouten" in answer
            sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
            bar(number, total)
    sys.stdout.buffer.flush()
    raise typer.Exit(FAULTS_FOUND if some_invalid else 0)


@app.command(rich_help_panel=PANEL)
def publish(file: EventsFile, *, as_json: AsJson = False) -> None:
    """Send events to contact.ended, and say which lines the broker did not take.

    The Kafka key is the event's own `partitionkey`, or else a hash of its contact. Sending a file twice is safe.
    """
    import uvloop

    from services.operations.publish import Publication
    from services.operations.publish import publish as send

    with opened(file) as lines, progress("sending", shown=not as_json) as bar:
        total = count_lines(lines)

        publication = Publication()

        def show(far: Publication) -> None:
            nonlocal publication
            publication = far
            bar(far.sent + far.refused, total)

        try:
            publication = uvloop.run(send(settings(), lines, progress=show))
        except KeyboardInterrupt:
            tell(f"Interrupted: at least {publication.sent} sent. Send the file again: repeats change nothing.")
            raise
    if as_json:
        typer.echo(json.dumps(json_value(publication)))
    else:
        for refusal in publication.refusals:
            typer.echo(f"line {refusal.line_number}: {refusal.reason}\n  {refusal.hint}")
        typer.echo(f"{publication.sent} sent, {publication.refused} refused by the broker")
    raise typer.Exit(FAULTS_FOUND if publication.refused else 0)
