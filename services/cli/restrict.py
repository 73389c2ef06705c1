"""For a privacy officer: restrict the processing of a klant's details, or lift that."""

from typing import Annotated

import typer

from services.cli.arguments import AsJson
from services.cli.changing import run_change
from services.cli.purpose import AsOperator
from services.cli.subject import ReasonGiven, RequestNumber, SubjectFile, asked_subject
from services.operations.change.change import ToChange
from services.operations.change.request import AskedChange

app = typer.Typer(add_completion=False)


@app.command()
def restrict(
    subject: SubjectFile = None,
    *,
    on: Annotated[
        bool | None,
        typer.Option("--on/--off", show_default=False, help="Restrict processing, or lift the restriction."),
    ] = None,
    request: RequestNumber,
    reason: ReasonGiven,
    by: AsOperator = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restrict the processing of a klant's details (AVG 18), or lift that. The classifier does it.

    Who is meant is one JSON object on standard input, or in the file of --from. While it lasts, details stay as they
    are and nothing is filled. Retention and erasure pass over the klant, and say so.

    It waits until the classifier has done it. Started again with the same request, it goes on, or says that it was
    done.
    """
    if on is None:
        raise typer.BadParameter("give one of --on and --off")
    asked = ToChange(
        asked=AskedChange.RESTRICTED if on else AskedChange.LIFTED,
        verzoek=request,
        reason=reason,
        by=by,
        dry_run=dry_run,
    )
    run_change(asked_subject(subject), asked, as_json=as_json)
