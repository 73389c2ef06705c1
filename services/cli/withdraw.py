"""For a privacy officer: a klant withdraws or gives consent outside a contact."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.arguments import AsJson
from services.cli.changing import run_change
from services.cli.purpose import AsOperator
from services.cli.subject import ReasonGiven, RequestNumber, SubjectFile, asked_subject
from services.operations.change.change import ToChange
from services.operations.change.request import AskedChange
from services.operations.wording import read_moment

app = typer.Typer(add_completion=False)


@app.command()
def withdraw(  # noqa: PLR0913 - each is an option that an operator can give
    subject: SubjectFile = None,
    *,
    given: Annotated[bool, typer.Option("--given", help="The klant gives consent instead.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT",
            help="When the klant said so, such as 2026-11-20T09:00:00+01:00, or 2h or 3d ago; now unless given.",
        ),
    ] = None,
    request: RequestNumber,
    reason: ReasonGiven,
    by: AsOperator = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Withdraw a klant's consent to reuse of contact details, outside a contact (AVG 7(3)). The classifier does it.

    Who is meant is one JSON object on standard input, or in the file of --from. The partij is emptied of name and
    addresses. The newest statement counts, by its own moment, wherever it was made: see --at.

    It waits until the classifier has done it. Started again with the same request, it goes on, or says that it was
    done.
    """
    now = datetime.now(UTC)
    asked = ToChange(
        asked=AskedChange.GIVEN if given else AskedChange.WITHDRAWN,
        verzoek=request,
        reason=reason,
        at=_moment(at, now),
        by=by,
        dry_run=dry_run,
    )
    run_change(asked_subject(subject), asked, as_json=as_json)


def _moment(text: str | None, now: datetime) -> datetime | None:
    try:
        moment = read_moment(text, now) if text else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error
    if moment is not None and moment > now:
        raise typer.BadParameter("lies in the future", param_hint="--at")
    return moment
