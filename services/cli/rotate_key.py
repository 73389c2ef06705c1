"""For operators: have a new key of the register take over."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import Steps
from services.cli.purpose import AsOperator
from services.cli.subject import ReasonGiven, RequestNumber
from services.operations.rotate_key import Rotated
from services.operations.rotate_key import rotate_key as rotate
from services.operations.wording import counted, to_the_second
from services.runtime import garbage

app = typer.Typer(add_completion=False)

OnlyCounts = Annotated[bool, typer.Option("--dry-run", help="Count what the new key would take over. Changes nothing.")]


@app.command()
def rotate_key(
    *,
    request: RequestNumber,
    reason: ReasonGiven,
    by: AsOperator = None,
    dry_run: OnlyCounts = False,
    as_json: AsJson = False,
) -> None:
    """Have the newest key of the settings take over from the one that the register has, while classifiers go on.

    Every process has to have the new settings first: docs/privacy/key.md has the steps. After an interruption, start it
    again: it goes on with what is left.
    """
    garbage.search_less_often()
    with Steps(shown=not as_json) as bars:
        rotated = uvloop.run(rotate(settings(), request=request, reason=reason, dry_run=dry_run, show=bars.show, by=by))
    if as_json:
        print_json({**asdict(rotated), "dry_run": dry_run, "oplog_until": _oplog_until(rotated)})
    else:
        _tell(rotated, dry_run=dry_run)


def _tell(rotated: Rotated, *, dry_run: bool) -> None:
    was, becomes = rotated.from_versie, rotated.to_versie
    if dry_run:
        typer.echo(f"From version {was} to {becomes}, nothing was changed. To be wrapped:")
        for name, number in rotated.left.items():
            typer.echo(f"  {name}: {counted(number, 'document')} of version {was}")
        return
    for name, number in rotated.wrapped.items():
        typer.echo(f"{name}: {counted(number, 'document')} wrapped, {rotated.left[name]} of version {was} left")
    until = _oplog_until(rotated)
    typer.echo(
        f"The register has version {becomes} of its key. What answers to version {was} alone from now on:\n"
        f"  the oplog of MongoDB, until about {to_the_second(until)}"
        if until
        else f"The register has version {becomes} of its key. What answers to version {was} alone from now on:\n"
        "  the oplog of MongoDB, for as long as it reaches back (this user may not see that)"
    )
    typer.echo(
        f"  every backup made before {to_the_second(rotated.done_at or datetime.now(UTC))}, until it is destroyed\n"
        "Keep all keys: the register needs each of them for ever."
    )


def _oplog_until(rotated: Rotated) -> datetime | None:
    if rotated.done_at is None or rotated.oplog_days is None:
        return None
    return rotated.done_at + timedelta(days=rotated.oplog_days)
