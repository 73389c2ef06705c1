"""For operators: the projector's collections, made anew."""

from collections.abc import Mapping
from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import Steps, waiting
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.audit.trail import noting
from services.operations.rebuild import rebuild as rebuilding
from services.operations.rebuild.verify import Comparison, RebuildOutcome, Report
from services.operations.wording import to_the_second
from services.projector.mongo.writes import Collection
from services.runtime import garbage

app = typer.Typer(add_completion=False)

SHOWN = 10
"""Ids of a kind that fit a screen; --json has more."""

IN_PLACE = (
    "The new collections are in place; {carried:,} documents got fields that others own. Those of before stay, with "
    "_vorige behind their names: run `klantcontact rebuild --drop-old` when all is well."
)
NOT_IN_PLACE = "Nothing was put in place. The new collections were thrown away."
WHAT_DIFFERS = (
    "Something else than events changed, deleted or added these documents, or this program made a mistake. A rebuild "
    "undoes that: look at those documents, and if you want it undone, add --accept-differences."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Build and compare, and throw the new collections away.")]
Accept = Annotated[bool, typer.Option("--accept-differences", help="Swap although new and live differ.")]
FromLive = Annotated[
    bool, typer.Option("--from-live", help="Take in the live documents too, even if the topics have their beginning.")
]
DropOld = Annotated[
    bool, typer.Option("--drop-old", help="Drop the collections that the last rebuild kept, and do nothing else.")
]


@app.command()
def rebuild(  # noqa: PLR0913 - each is an option that an operator can give
    *,
    dry_run: DryRun = False,
    accept_differences: Accept = False,
    from_live: FromLive = False,
    drop_old: DropOld = False,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Make the projector's collections anew from the topics, and put them in place while the projector goes on.

    Fields that others own are carried over: a taak's status, and fields that they put into documents. The collections
    of before stay, with _vorige behind their names, until --drop-old. After an interruption, start it again.

    Exit status 1: new and live differ, so nothing was put in place.
    """
    garbage.search_less_often()
    given, why = settings(), purpose(request=request, reason=reason, by=by)
    if drop_old:
        if dry_run or accept_differences or from_live:
            raise typer.BadParameter("--drop-old does nothing else; give it alone.")
        with waiting("dropping", shown=not as_json):
            dropped = uvloop.run(rebuilding.drop_old(given, note=noting(given, "rebuild --drop-old", why)))
        _tell_dropped(dropped, as_json=as_json)
        return
    with Steps(shown=not as_json) as bars:
        report = uvloop.run(
            rebuilding.rebuild(
                given,
                dry_run=dry_run,
                accept_differences=accept_differences,
                from_live=from_live,
                show=bars.show,
                note=noting(given, "rebuild", why),
            )
        )
    if as_json:
        print_json(report)
    else:
        _tell(report)
    differs = any(each.differences for each in report.comparisons)
    raise typer.Exit(FAULTS_FOUND if differs and not accept_differences else 0)


def _tell(report: Report) -> None:
    for line in _beginning(report):
        typer.echo(line)
    if report.comparisons:
        print_table(
            [_row(each) for each in report.comparisons],
            heading=("collection", "live", "new", "compared", "only live", "only new", "changed"),
        )
        for each in report.comparisons:
            _tell_ids(each)
    for line in _end(report):
        tell(line)


def _beginning(report: Report) -> list[str]:
    began = to_the_second(report.interrupted) if report.interrupted else ""
    if report.outcome is RebuildOutcome.FINISHED:
        return [f"The rebuild begun at {began} had been interrupted in its swap; the swap is finished now."]
    lines = [f"A rebuild begun at {began} had been interrupted; its new collections were thrown away."] if began else []
    if report.passed_over:
        counts = ", ".join(f"{count:,} {reason}" for reason, count in sorted(report.passed_over.items()))
        lines.append(f"Records that are not ours, or were skipped, were passed over: {counts}.")
    since = to_the_second(report.live_documents_of) if report.live_documents_of else ""
    lines += [f"{topic} no longer holds its beginning: {'; '.join(cut)}." for topic, cut in _cut(report).items()]
    if since:
        return [*lines, f"Began: {report.live_documents:,} live documents of {since}, under {report.events:,} events."]
    return [*lines, f"Began: the topics from their beginning, {report.events:,} events."]


def _cut(report: Report) -> dict[str, list[str]]:
    cut: dict[str, list[str]] = {}
    for each in report.trimmed:
        cut.setdefault(each.topic, []).append(f"partition {each.partition} from offset {each.first}")
    return cut


def _row(comparison: Comparison) -> tuple[str, ...]:
    counts = (
        comparison.live,
        comparison.new,
        comparison.compared,
        len(comparison.only_live),
        len(comparison.only_new),
        len(comparison.changed),
    )
    return comparison.collection.value, *(f"{count:,}" for count in counts)


def _tell_ids(comparison: Comparison) -> None:
    kinds = {"only live": comparison.only_live, "only new": comparison.only_new, "changed": comparison.changed}
    for kind, identifiers in kinds.items():
        for identifier in identifiers[:SHOWN]:
            typer.echo(f"{comparison.collection}  {kind}  {identifier}")
        if len(identifiers) > SHOWN:
            typer.echo(f"{comparison.collection}  {kind}  and {len(identifiers) - SHOWN:,} more: --json lists them")
    if comparison.unlisted:
        typer.echo(f"{comparison.collection}  and {comparison.unlisted:,} more in only one of the two")


def _end(report: Report) -> list[str]:
    if report.outcome in {RebuildOutcome.SWAPPED, RebuildOutcome.FINISHED}:
        return [IN_PLACE.format(carried=report.carried_over)]
    lines = [NOT_IN_PLACE]
    if any(each.differences for each in report.comparisons):
        behind = report.projector_behind
        lines += [f"The projector is {behind:,} events behind: let it catch up, and start again."] if behind else []
        lines += [WHAT_DIFFERS]
    return lines


def _tell_dropped(counts: Mapping[Collection, int], *, as_json: bool) -> None:
    if as_json:
        print_json({"dropped": counts})
    elif counts:
        print_table([(f"{name}_vorige", f"{count:,} documents dropped") for name, count in counts.items()])
    else:
        typer.echo("There is nothing to drop.")
