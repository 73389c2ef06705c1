"""For publishers of events: what is wrong with them, before they are sent."""

import sys
from collections.abc import Iterator
from typing import Annotated, BinaryIO

import typer

from services.cli.arguments import AsJsonLines, EventsFile, PolicyFile, ToTopic, beleid, count_lines, opened, to_topic
from services.cli.json_values import write_json_line
from services.cli.progress import Styled, progress
from services.cli.streams import FAULTS_FOUND
from services.domain.policy import Beleid
from services.operations.dead_letters.content import ContentRefused
from services.operations.validate import Summary, Validation
from services.operations.validate import validate as check
from services.operations.wording import printable, printable_id

app = typer.Typer(add_completion=False)


@app.command()
def validate(
    file: EventsFile,
    policy: PolicyFile = None,
    topic: ToTopic = None,
    *,
    binary: Annotated[
        bool,
        typer.Option("--binary", help="A line holds a record: headers and value, as `dlq export` writes them."),
    ] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Show what is wrong with events, what to do about it, and which line of the schema says so.

    The checks are the classifier's own, without any server: of each event by itself, and of what only the lines
    together show, such as one revisie with two contents. Fields that are not read are named too, and are no error. So
    are ids, keys and sources that look like a BSN, an e-mail address or a telephone number.
    Exit status 1: some events are invalid.
    """
    summary, chosen = Summary(), beleid(policy)
    with opened(file) as lines, progress("validating", shown=not (as_json and sys.stdout.isatty())) as bar:
        total = count_lines(lines)
        for validation in _checked(lines, chosen, to_topic(topic, chosen), binary=binary):
            summary.add(validation)
            if as_json:
                write_json_line(validation)
            elif validation.findings or validation.unknown_fields or validation.warnings:
                bar.print(*_report(validation))
            bar(summary.events, total)
    if not as_json:
        _print_summary(summary)
    sys.stdout.flush()
    raise typer.Exit(FAULTS_FOUND if summary.invalid else 0)


def _checked(lines: BinaryIO, policy: Beleid, topic: str | None, *, binary: bool) -> Iterator[Validation]:
    try:
        yield from check(lines, policy, topic=topic, binary=binary)
    except ContentRefused as error:
        raise typer.BadParameter(str(error), param_hint="--binary") from error


def _print_summary(summary: Summary) -> None:
    valid = summary.events - summary.invalid
    typer.echo(f"{summary.events} events: {valid} valid, {summary.invalid} invalid")
    for (pad, soort), count in summary.causes.most_common():
        typer.echo(f"{count:>7}  {pad or 'the event'}: {soort}")
    if summary.warned:
        typer.echo(f"{summary.warned} with an id, key or source that looks personal")


def _report(validation: Validation) -> Iterator[Styled]:
    """Yield what a person reads about one event; an empty line ends it."""
    hidden = any(each.pad == "data.contactId" for each in validation.warnings)
    contact = f", contact {printable_id(validation.contact_id)}" if validation.contact_id and not hidden else ""
    yield f"line {validation.line_number}{contact}", "bold"
    for finding in validation.findings:
        yield from ("\n  ", (finding.pad or "the event", "cyan"), ": ", (finding.soort, "red"))
        yield f"\n    {finding.hint}\n    {finding.schema.file}:{finding.schema.line}  {finding.schema.rule}"
    for unknown in validation.unknown_fields:
        meant = f"; is `{unknown.meant}` meant?" if unknown.meant else ""
        yield from ("\n  ", (printable(unknown.pad), "cyan"), f": not read, no such field{meant}")
    for warned in validation.warnings:
        yield from ("\n  ", (warned.pad, "cyan"), ": ", ("warning", "yellow"), f"\n    {warned.hint}")
    yield "\n"
