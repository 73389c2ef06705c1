"""For operators: Open Klant, kept equal to the register."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import Bar, progress, waiting
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.audit.trail import Note, noting, unnoted
from services.operations.bridge.backfill import Backfill, Backfilled
from services.operations.bridge.checks import bridge_checks
from services.operations.bridge.dry_run import Rehearsed, rehearse
from services.operations.bridge.lag import lag_checks
from services.operations.bridge.left_to_do import LeftToDo
from services.operations.bridge.opened import equipment
from services.operations.bridge.reconcile import Reconciled, Reconciliation
from services.operations.bridge.selection import newest
from services.operations.checks import Check
from services.operations.wording import counted
from services.runtime import garbage

app = typer.Typer(
    help="Open Klant: show what the bridge would write there, write what the register has already, and compare "
    "the two.",
    no_args_is_help=True,
    add_completion=False,
)

SHOWN = 10
"""Ids of a kind that fit a screen; --json has all."""

TheId = Annotated[str | None, typer.Option("--id", metavar="KLANTCONTACT", help="The klantcontactId to look at.")]
Last = Annotated[int, typer.Option(min=1, max=1_000, help="How many of the newest to look at.")]
FromDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Only klantcontacten that took place on this day or later."),
]
WithTaken = Annotated[
    bool, typer.Option("--with-taken", help="Write interne taken too. ITA mails each taak that is new to it.")
]
Repair = Annotated[bool, typer.Option("--repair", help="Mend the differences in Open Klant.")]
AlsoRemoved = Annotated[
    bool,
    typer.Option(
        "--again", help="With --repair: also make rows that somebody removed there, or that a backfill left out."
    ),
]
RemoveExpired = Annotated[
    bool,
    typer.Option("--remove-expired", help="Remove our rows there that this register no longer has."),
]
Afdelingen = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="The afdelingen and groepen that ITA knows, one name a line."),
]


@app.command("dry-run")
def dry_run(*, klantcontact: TheId = None, last: Last = 10, as_json: AsJson = False) -> None:
    """Show the calls that the bridge would make, by the names of their fields. Changes nothing.

    The command asks Open Klant what the bridge would ask. A likely double is a klantcontact that somebody else
    registered for the same partij within a quarter of an hour: an agent may have registered the call by hand as well.
    """

    async def looked() -> list[Rehearsed]:
        async with equipment(settings()) as tools:
            ids = [klantcontact] if klantcontact else await newest(tools, last)
            return await rehearse(tools, ids)

    with waiting("asking Open Klant", shown=not as_json):
        rehearsed = uvloop.run(looked())
    if as_json:
        print_json({"klantcontacten": rehearsed})
        return
    for each in rehearsed:
        typer.echo(f"{each.klantcontact_id}: {each.outcome}{f'. {each.reason}' if each.reason else ''}")
        for call in each.calls:
            target = f"/{call.uuid}" if call.uuid else ""
            typer.echo(f"  {call.method} {call.resource}{target}  {', '.join(call.fields)}".rstrip())
        if each.likely_doubles:
            typer.echo(f"  likely a double of {', '.join(each.likely_doubles)}")
    doubles = sum(1 for each in rehearsed if each.likely_doubles)
    typer.echo(f"Klantcontacten: {len(rehearsed)}, likely doubles: {doubles}. Nothing was changed.")


@app.command()
def backfill(
    *,
    since: FromDay = None,
    with_taken: WithTaken = False,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Write what the register has into Open Klant, oldest first. After an interruption, start it again.

    Exit status 1: Open Klant refused something, fails at something each time, or was away. The next run tries again.

    Interne taken stay here unless you ask for them. Run it at night: it takes all of KLANTCONTACT_OPENKLANT_LANES.
    """
    garbage.search_less_often()
    given = settings()
    note = noting(given, "bridge backfill", purpose(request=request, reason=reason, by=by))
    moment = since.replace(tzinfo=UTC) if since else None

    async def filled(bar: Bar) -> Backfilled:
        async with equipment(given) as tools:
            await note({"sources": len(tools.terms.choice.sources)})
            return await Backfill(tools, moment, with_taken, progress=bar).run()

    with progress("klantcontacten", shown=not as_json) as bar:
        done = uvloop.run(filled(bar))
    if as_json:
        print_json(done)
    else:
        print_table(sorted((str(outcome), f"{number:,}") for outcome, number in done.outcomes.items()))
        if done.taken_left:
            tell(f"Interne taken that stayed here: {done.taken_left:,}.")
        _tell_left_to_do(done)
    raise typer.Exit(0 if done.is_whole else FAULTS_FOUND)


@app.command()
def reconcile(
    *,
    repair: Repair = False,
    again: AlsoRemoved = False,
    remove_expired: RemoveExpired = False,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Compare everything with Open Klant, row by row, and count the differences. --repair mends them.

    It never changes rows of others. Exit status 1: something differed and was not mended, or Open Klant was away.
    """
    if again and not repair:
        raise typer.BadParameter("It goes with --repair.", param_hint="--again")
    garbage.search_less_often()
    given, why = settings(), purpose(request=request, reason=reason, by=by)
    changes = repair or remove_expired
    note: Note = noting(given, "bridge reconcile", why) if changes else unnoted

    async def looked(bar: Bar) -> Reconciled:
        async with equipment(given) as tools:
            await note({"repair": int(repair), "again": int(again), "removeExpired": int(remove_expired)})
            run = Reconciliation(tools, bar, repair=repair, again=again, remove_expired=remove_expired)
            return await run.run()

    with progress("klantcontacten", shown=not as_json) as bar:
        found = uvloop.run(looked(bar))
    if as_json:
        print_json({**_as_json(found), "repaired": repair})
    else:
        _tell(found, repaired=repair)
    raise typer.Exit(0 if found.is_equal or (repair and found.is_whole) else FAULTS_FOUND)


@app.command()
def doctor(*, afdelingen: Afdelingen = None, as_json: AsJson = False) -> None:
    """Check whether the bridge can keep Open Klant equal: release, token, addresses, numbers, names, and its lag."""
    names = _names(afdelingen) if afdelingen else None
    given = settings()

    async def examined() -> list[Check]:
        async with equipment(given) as tools:
            checks = await bridge_checks(tools, names)
        return [*checks, *await lag_checks(given)]

    with waiting("asking Open Klant", shown=not as_json):
        checks = uvloop.run(examined())
    if as_json:
        print_json({"checks": checks})
    else:
        print_table(
            ("ok" if check.ok else "NOT OK", check.name, f"{check.found}\n{check.advice}".strip()) for check in checks
        )
    raise typer.Exit(0 if all(check.ok for check in checks) else FAULTS_FOUND)


def _names(file: Path) -> list[str]:
    try:
        return [each for each in file.read_text(encoding="utf-8").splitlines() if each.strip()]
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8. Save it as UTF-8.", param_hint="--afdelingen") from error


def _as_json(found: Reconciled) -> dict[str, object]:
    differences = {name: dict(counts) for name, counts in found.differences.items() if counts}
    return {
        "klantcontacten": found.klantcontacten,
        "partijen": found.partijen,
        "differences": differences,
        "keptAway": found.kept_away,
        "over": found.over,
        "removed": found.removed,
        "refused": found.refused,
        "failed": found.failed,
        "stopped": found.stopped,
    }


def _tell(found: Reconciled, *, repaired: bool) -> None:
    typer.echo(f"Looked at {found.klantcontacten:,} klantcontacten and {found.partijen:,} partijen.")
    kinds = ("missing", "different", "surplus")
    rows = [(name, *(f"{counts[kind]:,}" for kind in kinds)) for name, counts in sorted(found.differences.items())]
    if rows:
        print_table(rows, heading=("in Open Klant", *kinds))
    number = sum(counts.total() for counts in found.differences.values())
    mended = ", mended" if found.is_whole else ", mended but for what is named below"
    typer.echo(f"{counted(number, 'difference')}{mended if repaired and number else ''}.")
    if found.kept_away:
        away = counted(found.kept_away, "row")
        typer.echo(f"Somebody removed {away} there, which stay away: --repair --again makes them again.")
    if found.over:
        did = f", {found.removed} removed" if found.removed else "; --remove-expired removes them"
        typer.echo(f"{len(found.over)} that this register no longer has{did}: {', '.join(found.over[:SHOWN])}")
    _tell_left_to_do(found)


def _tell_left_to_do(left: LeftToDo) -> None:
    for heading, reasons in (("Refused", left.refused), ("Failed, which the next run tries again", left.failed)):
        if reasons:
            tell(f"{heading}: {len(reasons):,}.")
        for named, why in list(reasons.items())[:SHOWN]:
            tell(f"{named}: {why}")
    if left.stopped is not None:
        tell(f"Ended before its end: {left.stopped} Start it again once Open Klant is well.")
