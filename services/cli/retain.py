"""For operators: end what has been kept long enough."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.purpose import AsOperator
from services.cli.screen import print_table
from services.cli.subject import ReasonGiven, RequestNumber
from services.operations.retain.retain import Retained
from services.operations.retain.run import run_retain
from services.operations.retain.selection import Fate
from services.operations.wording import counted, to_the_second
from services.runtime import garbage

app = typer.Typer(add_completion=False)

OnlyLooks = Annotated[bool, typer.Option("--dry-run", help="Count what would go, by rule. Changes nothing.")]
At = Annotated[
    datetime | None,
    typer.Option("--at", formats=["%Y-%m-%d"], help="With --dry-run: what would go on that day, such as 2031-01-01."),
]
Most = Annotated[int, typer.Option(min=1, help="The most contacts that go in one run; the rest waits for the next.")]

DECLINED = {
    "ander_besluit": "since it was corrected or judged again meanwhile",
    "nog_bekend": "since a contact came to know the partij again",
    "toestemming_leeft_op": "since an older consent would count again",
    "past_niet": "since what is stored does not fit the decision (`klantcontact rebuild` mends it)",
    "not stored yet": "since the projector has not stored the newest decision",
}


@app.command()
def retain(
    *,
    request: RequestNumber,
    reason: ReasonGiven,
    dry_run: OnlyLooks = False,
    at: At = None,
    most: Most = 10_000,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """End what has been kept long enough, by the terms in bewaren.toml. Run it every day.

    Klantcontacten go as a withdrawal that every subscriber sees. What no term is set for stays. Restricted partijen and
    contacts with an open taak are passed over and counted. After an interruption, start it again.
    """
    if at is not None and not dry_run:
        raise typer.BadParameter("It is of a dry run: give --dry-run too.", param_hint="--at")
    garbage.search_less_often()
    now = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
    with progress("decisions", shown=not as_json) as bar:
        retained = uvloop.run(
            run_retain(settings(), now, request=request, reason=reason, by=by, dry_run=dry_run, most=most, progress=bar)
        )
    if as_json:
        print_json({**retained.as_json(), "dryRun": dry_run})
    else:
        _tell(retained, dry_run=dry_run)


def _tell(retained: Retained, *, dry_run: bool) -> None:
    typer.echo(f"At {to_the_second(retained.at)}:")
    rows = [(f"contacts, rule {rule}", counts) for rule, counts in sorted(retained.contacts.items())]
    rows += [("details at betrokkenen", retained.details), ("partijen without contact", retained.partijen)]
    print_table(
        ([name, *(_number(counts, each) for each in Fate)] for name, counts in rows if counts),
        heading=["what", *Fate],
    )
    typer.echo(f"counts of decisions: {counted(retained.days_of_tellingen, 'day')} past the term")
    if not dry_run:
        typer.echo(
            f"Went: {counted(retained.erased_contacts, 'contact')}, details of "
            f"{counted(retained.erased_details, 'contact')}, {counted(retained.erased_changes, 'change')} of consent, "
            f"{retained.erased_partijen} entries of partijen."
        )
    for why, number in sorted(retained.declined.items()):
        typer.echo(f"Not erased, {DECLINED.get(why, why)}: {number}. The next run asks again.")
    if retained.not_asked:
        typer.echo(f"{counted(retained.not_asked, 'contact')} more are due: they go in the next run.")
    if retained.restricted:
        typer.echo(f"Restricted, so passed over: partij {', '.join(retained.restricted)}.")
    if retained.unseen:
        typer.echo(
            f"Of {counted(len(retained.unseen), 'contact')} a klantcontact or taak is not stored, so nobody knows of a "
            "zaak or an open taak: --json names them, and `klantcontact erase` ends them."
        )


def _number(counts: Counter[Fate], standing: Fate) -> str:
    return f"{counts[standing]:,}" if counts[standing] else ""
