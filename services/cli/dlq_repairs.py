"""For operators: the commands that change dead letters. They go back, or are discarded as in need of no repair."""

from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple

import typer
import uvloop

from services.cli import dlq_filters
from services.cli.arguments import AsJson, settings
from services.cli.dlq_filters import Ids, Kinds, Paths, Shown, Since, Sources, StateFilter, Topics, Until, Within
from services.cli.dlq_screen import group_values, print_groups
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.audit.trail import noting
from services.operations.dead_letters.content import Corrections, opened
from services.operations.dead_letters.discard import discard as mark
from services.operations.dead_letters.redrive import Plan, planned
from services.operations.dead_letters.redrive import redrive as send_back
from services.operations.dead_letters.states import LetterCounts
from services.operations.wording import counted

app = typer.Typer()

Everything = Annotated[bool, typer.Option("--all", help="All that are open, with no filter.")]


class RepairWords(NamedTuple):
    """The words for a command's effect on letters."""

    done: str
    again: str
    """How to do it to letters that have it behind them."""


SENT_BACK = RepairWords(
    "sent back", "To send them again, for example after a change of their lines, add --state redriven."
)
DISCARDED = RepairWords("discarded", "For another reason than they have now add --state discarded.")


@app.command()
def redrive(
    *,
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    topic: Topics = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: StateFilter = None,
    within: Within = None,
    corrected: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Corrected lines of `dlq export`, to be sent.")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="At most so many letters a second.")] = None,
    everything: Everything = False,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send letters back to where they came from, to be judged again. After an interruption, start it again.

    Letters that are not open are sent only when they are named, by --id or --from, with their --state. Named letters
    that went back before are passed over. Exit status 1: some could not be sent.
    """
    chosen = dlq_filters.selection(
        kinds=kind,
        paths=path,
        sources=source,
        topics=topic,
        ids=letter_id,
        since=since,
        until=until,
        states=state,
        within=within,
    )
    if corrected is not None and not chosen.is_everything:
        raise typer.BadParameter("the file says which letters: leave the other filters out", param_hint="--from")
    _require_filter(given=bool(corrected) or not chosen.is_everything, everything=everything)
    _refuse_states(state, named=bool(letter_id or corrected))
    given, far = settings(), LetterCounts()
    note = noting(given, "dlq redrive", purpose(request=request, reason=reason, by=by))
    with _opened(corrected) as file, progress("reading" if dry_run else "sending back", shown=not as_json) as bar:
        corrections = Corrections(file) if file else None
        work: Coroutine[Any, Any, Plan | LetterCounts] = (
            planned(given, chosen, corrections=corrections, progress=bar)
            if dry_run
            else send_back(given, chosen, corrections=corrections, per_second=rate, progress=bar, counts=far, note=note)
        )
        try:
            outcome = uvloop.run(work)
        except KeyboardInterrupt:
            tell(f"Interrupted: {counted(far.done, 'letter')} {SENT_BACK.done} and marked. Start again for the rest.")
            raise
    match outcome:
        case Plan():
            _tell_plan(outcome, as_json=as_json)
        case LetterCounts():
            _tell_outcome(SENT_BACK, outcome, as_json=as_json)


@app.command()
def discard(
    *,
    reason: Annotated[
        str,
        typer.Option(help="Why they need no repair, in at most 200 characters. It is stored: name no person in it."),
    ],
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    topic: Topics = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: StateFilter = None,
    within: Within = None,
    everything: Everything = False,
    request: ForRequest = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Mark letters as needing no repair. Their content is gone for good; all else shows with --state discarded."""
    chosen = dlq_filters.selection(
        kinds=kind,
        paths=path,
        sources=source,
        topics=topic,
        ids=letter_id,
        since=since,
        until=until,
        states=state,
        within=within,
    )
    _require_filter(given=not chosen.is_everything, everything=everything)
    _refuse_states(state, named=bool(letter_id))
    given = settings()
    note = noting(given, "dlq discard", purpose(request=request, reason=reason, by=by))
    with progress("reading", shown=not as_json) as bar:
        outcome = uvloop.run(mark(given, chosen, reason=reason, progress=bar, note=note))
    _tell_outcome(DISCARDED, outcome, as_json=as_json)


# What they share ------------------------------------------------------------------------------------------------------


def _require_filter(*, given: bool, everything: bool) -> None:
    if given == everything:
        told = "give a filter that says which, or --all" + (", not both" if given else "")
        raise typer.BadParameter(told, param_hint="--all")


def _refuse_states(states: Sequence[Shown] | None, *, named: bool) -> None:
    if set(states or ()) - {Shown.OPEN} and not named:
        raise typer.BadParameter("name letters that are not open one by one, with --id", param_hint="--state")


def _tell_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json({"groups": group_values(plan.groups), "earlier": plan.earlier, "skipped": plan.skipped})
    else:
        print_groups(plan.groups)
        _tell_others(SENT_BACK, plan.earlier, plan.skipped)
        tell("Nothing was sent: this was a dry run.")
    raise typer.Exit(FAULTS_FOUND if plan.skipped else 0)


def _tell_outcome(words: RepairWords, outcome: LetterCounts, *, as_json: bool) -> None:
    number, earlier, skipped = outcome.done, outcome.earlier, outcome.skipped
    if as_json:
        print_json({"done": number, "earlier": earlier, "skipped": skipped})
    else:
        others = (f", {earlier} earlier" if earlier else "") + (f", {skipped.total()} skipped" if skipped else "")
        typer.echo(f"{counted(number, 'letter')} {words.done}{others}")
        _tell_others(words, earlier, skipped)
    raise typer.Exit(FAULTS_FOUND if skipped else 0)


def _tell_others(words: RepairWords, earlier: int, skipped: Counter[str]) -> None:
    if earlier:
        tell(f"  {earlier} {words.done} earlier, and not again. {words.again}")
    for reason, number in skipped.most_common():
        tell(f"  {number} skipped: {reason}")


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO | None]:
    with dlq_filters.refused("--from"):
        file = opened(path) if path else None
    with closing(file) if file else nullcontext():
        yield file
