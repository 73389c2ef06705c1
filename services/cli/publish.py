"""For publishers of events: sending them."""

import typer
import uvloop

from services.cli.arguments import AsJson, EventsFile, count_lines, opened, settings
from services.cli.screen import print_json, progress, tell
from services.cli.streams import FAULTS_FOUND
from services.operations.publish import Publication
from services.operations.publish import publish as send

app = typer.Typer(add_completion=False)


@app.command()
def publish(file: EventsFile, *, as_json: AsJson = False) -> None:
    """Send events to contact.ended, and say which lines the broker did not take.

    The Kafka key is a hash of the event's own `partitionkey`, or else of its contact. Sending a file twice is safe.
    """
    publication = Publication()
    with opened(file) as lines, progress("sending", shown=not as_json) as bar:
        total = count_lines(lines)

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
        print_json(publication)
    else:
        for refusal in publication.refusals:
            typer.echo(f"line {refusal.line_number}: {refusal.reason}\n  {refusal.hint}")
        typer.echo(f"{publication.sent} sent, {publication.refused} refused by the broker")
    raise typer.Exit(FAULTS_FOUND if publication.refused else 0)
