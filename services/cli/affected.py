"""For the privacy officer: which klanten and contacts lay in a topic in a period, after a data breach."""

from datetime import UTC, datetime
from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.subject import ReasonGiven, RequestNumber
from services.operations.affected import Affected
from services.operations.affected import affected as find_affected
from services.operations.wording import counted, read_moment

app = typer.Typer(add_completion=False)

MOMENT = "2026-11-20T09:00:00+01:00, or 90s, 30m, 2h, 3d, 1w ago."


@app.command()
def affected(
    *,
    topic: Annotated[str, typer.Option(help="The topic that others could read.")],
    since: Annotated[str, typer.Option(help=f"From this moment on: {MOMENT}")],
    until: Annotated[str | None, typer.Option(help="Before this moment, in the same forms; now unless given.")] = None,
    request: RequestNumber,
    reason: ReasonGiven,
    as_json: AsJson = False,
) -> None:
    """Show which klanten and contacts lay in a topic in a period: for a data breach. Shows ids, and no contents.

    With --json all are listed. The audit trail is written first.
    """
    moment = datetime.now(UTC)
    begin, end = _moment("--since", since, moment), _moment("--until", until, moment) if until else moment
    if begin >= end:
        raise typer.BadParameter("must lie before --until", param_hint="--since")
    with progress("reading", shown=not as_json) as bar:
        found = uvloop.run(
            find_affected(settings(), topic, since=begin, until=end, request=request, reason=reason, progress=bar)
        )
    if as_json:
        print_json(_listed(found))
        return
    typer.echo(
        f"{counted(found.records, 'record')} of {counted(len(found.contacts), 'contact')} and "
        f"{counted(len(found.partijen), 'known klant')}; {found.unreadable} name no contact. --json lists them."
    )


def _listed(found: Affected) -> dict[str, object]:
    return {
        "topic": found.topic,
        "since": found.since,
        "until": found.until,
        "records": found.records,
        "unreadable": found.unreadable,
        "contacts": [{"source": source, "contactId": each} for source, each in sorted(found.contacts)],
        "contactKeys": sorted(found.keys),
        "klanten": [{"partijId": key, "partijNummer": nummer} for key, nummer in sorted(found.partijen.items())],
    }


def _moment(option: str, text: str, now: datetime) -> datetime:
    try:
        return read_moment(text, now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
