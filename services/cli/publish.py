"""For publishers of events: sending them."""

from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, EventsFile, count_lines, opened, settings
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.publish import Publication, UnclearTopic
from services.operations.publish import publish as send

app = typer.Typer(add_completion=False)


@app.command()
def publish(
    file: EventsFile,
    *,
    topic: Annotated[str | None, typer.Option(help="The topic of this publisher, where there are several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send events to the topic of their publisher, and say which lines the broker did not take.

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
            publication = uvloop.run(send(settings(), lines, topic=topic, progress=show))
        except UnclearTopic as error:
            raise typer.BadParameter(str(error), param_hint="--topic") from error
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
