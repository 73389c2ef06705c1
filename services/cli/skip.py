"""For operators: pass over the record at which a partition stopped."""

from typing import Annotated, Final

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.purpose import AsOperator, ForRequest, purpose
from services.operations.audit.trail import noting
from services.operations.skip import InvalidReason
from services.operations.skip import skip as ask

app = typer.Typer(add_completion=False)

MAX_PARTITION: Final = 2**31 - 1
MAX_OFFSET: Final = 2**63 - 1
"""Kafka counts no further."""

Reason = Annotated[
    str, typer.Option(help="Why, in at most 200 characters. It is stored with your name: name no person in it.")
]


@app.command()
def skip(
    topic: Annotated[str, typer.Argument(metavar="TOPIC")],
    partition: Annotated[int, typer.Argument(metavar="PARTITION", min=0, max=MAX_PARTITION)],
    offset: Annotated[int, typer.Argument(metavar="OFFSET", min=0, max=MAX_OFFSET)],
    *,
    reason: Reason,
    request: ForRequest = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Make the record at which a partition stopped a dead letter, so that the partition goes on.

    `doctor` names the partitions that have stopped. The service that owns the partition does it within seconds, or at
    its next start.
    """
    given = settings()
    note = noting(given, "skip", purpose(request=request, reason=reason, by=by))
    try:
        with waiting("asking MongoDB", shown=not as_json):
            asked = uvloop.run(ask(given, topic=topic, partition=partition, offset=offset, reason=reason, note=note))
    except InvalidReason as error:
        raise typer.BadParameter(str(error), param_hint="--reason") from error
    if as_json:
        stop = asked.stop
        print_json(
            {
                "topic": stop.topic,
                "partition": stop.partition,
                "offset": stop.offset,
                "reasons": stop.reasons,
                "since": asked.since,
                "starts": asked.starts,
                "skip": asked.skip,
            }
        )
    else:
        typer.echo(
            f"The service that owns partition {partition} of {topic} makes offset {offset} a dead letter within "
            "seconds, or at its next start, and goes on."
        )
