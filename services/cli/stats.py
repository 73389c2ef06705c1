"""For operators: how many decisions there were by which rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.screen import print_table
from services.operations.stats import By
from services.operations.stats import stats as count

app = typer.Typer(add_completion=False)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="A day in UTC, included.")]


@app.command()
def stats(
    by: Annotated[
        list[str] | None, typer.Option(metavar="rule|source|day|topic", help="Several with commas, or repeated.")
    ] = None,
    since: Day = None,
    until: Day = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Count decisions. A correction or a new judgement is a decision too; a repeat is none."""
    dimensions = _dimensions(by or ["rule"])
    if since and until and since > until:
        raise typer.BadParameter("--since lies after --until.")
    first, last = (day.date() if day else None for day in (since, until))
    with waiting("asking MongoDB", shown=not as_json):
        counted = uvloop.run(count(settings(), by=dimensions, since=first, until=last))
    if as_json:
        counts = [{**dict(zip(dimensions, each.values, strict=True)), "number": each.number} for each in counted.counts]
        print_json({"counts": counts, "total": counted.total})
        return
    rows = [(*each.values, str(each.number)) for each in counted.counts]
    total = ("total", *[""] * (len(dimensions) - 1), str(counted.total))
    print_table([*rows, total], heading=(*dimensions, "decisions"))


def _dimensions(given: Sequence[str]) -> list[By]:
    try:
        return list(dict.fromkeys(By(each.strip()) for part in given for each in part.split(",")))
    except ValueError as error:
        raise typer.BadParameter(f"--by takes {', '.join(By)}.") from error
