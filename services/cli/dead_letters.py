"""For operators: the dead letters, from seeing what there is to sending them back."""

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from services.cli import letter_filters
from services.cli.arguments import FAULTS_FOUND, AsJson, settings
from services.cli.letter_filters import Ids, InState, Kinds, Paths, Shown, Since, Sources, Until
from services.cli.letters_on_screen import GROUP_HEADING, group_rows, group_values, told_rows, told_values
from services.cli.screen import print_table, progress, tell
from services.operations.wording import counted

if TYPE_CHECKING:
    from services.operations.dead_letters.listing import Group

ABOUT = (
    "The dead letters: events that were refused, with what was wrong with them. What they hold shows only when it is "
    "asked for, and who asks is recorded. None is ever deleted: a letter is open, redriven or discarded."
)

app = typer.Typer(no_args_is_help=True, help=ABOUT)


@app.command("list")
def list_letters(
    *,
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: InState = Shown.OPEN,
    as_json: AsJson = False,
) -> None:
    """Show what lies there, in groups with the same kind, places and source; nothing of what the letters hold."""
    import uvloop

    from services.operations.dead_letters.listing import listed

    chosen = letter_filters.selection(
        kinds=kind, paths=path, sources=source, ids=letter_id, since=since, until=until, state=state
    )
    with progress("reading", shown=not as_json) as bar:
        groups = uvloop.run(listed(settings(), chosen, bar))
    if as_json:
        typer.echo(json.dumps({"groups": group_values(groups)}))
    else:
        _print_groups(groups)


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="The letter, as in 3-120: its partition and offset.")],
    *,
    content: Annotated[
        bool, typer.Option("--content", help="Also what it holds. That you have seen it is recorded and logged.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one letter: what is wrong with it, where it came from, what was done with it; not what it holds."""
    import uvloop

    from services.operations.dead_letters.content import described
    from services.operations.dead_letters.history import told
    from services.operations.dead_letters.letters import LetterId

    with letter_filters.refused("ID"):
        letter_id = LetterId.parse(letter)
    if content:
        _log_accesses()
    with progress("reading what came after it", shown=not as_json) as bar:
        found = uvloop.run(told(settings(), letter_id, with_content=content, progress=bar))
    held = described(found.found.letter.content) if content else {}
    if as_json:
        typer.echo(json.dumps({**told_values(found), **held}))
        return
    print_table(told_rows(found))
    if content:
        typer.echo(json.dumps(held, indent=2, ensure_ascii=False))


@app.command()
def redrive(
    *,
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: InState = Shown.OPEN,
    corrected: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Corrected lines of `dlq export`: send what they say.")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="At most so many letters a second.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send letters back to where they came from, to be judged again. Interrupted, start it again: it goes on.

    Letters that are not open are sent only when they are named, by --id or --from, with their --state. Exit status 1:
    some could not be sent.
    """
    import uvloop

    from services.operations.dead_letters.corrections import Corrections
    from services.operations.dead_letters.redrive import Plan, Redriven, planned
    from services.operations.dead_letters.redrive import redrive as send_back

    chosen = letter_filters.selection(
        kinds=kind, paths=path, sources=source, ids=letter_id, since=since, until=until, state=state
    )
    if corrected is not None and not chosen.is_everything:
        raise typer.BadParameter("the file says which letters: leave the other filters out", param_hint="--from")
    _refuse_state(state, named=bool(letter_id or corrected))
    with _opened(corrected) as file, progress("sending back", shown=not as_json) as bar:
        corrections = Corrections(file) if file else None
        work: Coroutine[Any, Any, Plan | Redriven] = (
            planned(settings(), chosen, corrections=corrections, progress=bar)
            if dry_run
            else send_back(settings(), chosen, corrections=corrections, per_second=rate, progress=bar)
        )
        outcome = uvloop.run(work)
    match outcome:
        case Plan(groups, skipped):
            _tell_plan(groups, skipped, as_json=as_json)
        case Redriven(sent, skipped):
            _tell_outcome("sent back", sent, skipped, as_json=as_json)


@app.command()
def discard(
    *,
    reason: Annotated[
        str, typer.Option(help="Why they need no repair, in at most 200 characters. It is kept: name no person in it.")
    ],
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: InState = Shown.OPEN,
    everything: Annotated[bool, typer.Option("--all", help="All that are open, with no filter.")] = False,
    as_json: AsJson = False,
) -> None:
    """Mark letters as needing no repair. They stay in Kafka until their time comes, and show with --state discarded."""
    import uvloop

    from services.operations.dead_letters.discard import discard as mark

    chosen = letter_filters.selection(
        kinds=kind, paths=path, sources=source, ids=letter_id, since=since, until=until, state=state
    )
    if chosen.is_everything != everything:
        raise typer.BadParameter("give a filter that says which, or --all", param_hint="--all")
    _refuse_state(state, named=bool(letter_id))
    with letter_filters.refused("--reason"), progress("reading", shown=not as_json) as bar:
        number = uvloop.run(mark(settings(), chosen, reason=reason, progress=bar))
    _tell_outcome("discarded", number, Counter(), as_json=as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="A file that is made; - is stdout.")] = Path("-"),
    *,
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: InState = Shown.OPEN,
) -> None:
    """Write letters with all that they hold, one JSON object a line, to be corrected. Every access is recorded.

    Change what is wrong under `event` (under `value` where it is no JSON), and send the lines back with
    `redrive --from FILE`.
    """
    import uvloop

    from services.operations.dead_letters.export import exported

    chosen = letter_filters.selection(
        kinds=kind, paths=path, sources=source, ids=letter_id, since=since, until=until, state=state
    )
    with _made(file) as out, progress("reading", shown=True) as bar:
        _log_accesses()
        number = uvloop.run(_write(exported(settings(), chosen, bar), out))
    tell(f"{counted(number, 'letter')} written, with all that was said: remove the file when it has served.")


# What they share ------------------------------------------------------------------------------------------------------


def _refuse_state(state: Shown, *, named: bool) -> None:
    if state is not Shown.OPEN and not named:
        raise typer.BadParameter("name letters that are not open one by one, with --id", param_hint="--state")


def _log_accesses() -> None:
    """Set up the log, whose lines go to stderr."""
    from services.runtime.logs import configure

    configure(settings())


def _print_groups(groups: Sequence["Group"]) -> None:
    if groups:
        print_table(group_rows(groups), heading=GROUP_HEADING)
    number = sum(group.number for group in groups)
    tell(f"{counted(number, 'letter')} in {counted(len(groups), 'group')}")


def _tell_plan(groups: Sequence["Group"], skipped: Counter[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"groups": group_values(groups), "skipped": skipped}))
        return
    _print_groups(groups)
    _tell_skipped(skipped)
    tell("Nothing was sent: this was a dry run.")


def _tell_outcome(done: str, number: int, skipped: Counter[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"done": number, "skipped": skipped}))
    else:
        typer.echo(f"{counted(number, 'letter')} {done}" + (f", {skipped.total()} skipped" if skipped else ""))
        _tell_skipped(skipped)
    raise typer.Exit(FAULTS_FOUND if skipped else 0)


def _tell_skipped(skipped: Counter[str]) -> None:
    for reason, number in skipped.most_common():
        tell(f"  {number} skipped: {reason}")


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO | None]:
    from services.operations.dead_letters.corrections import opened

    with letter_filters.refused("--from"):
        file = opened(path) if path else None
    with closing(file) if file else nullcontext():
        yield file


@contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    """Make a file that only its owner may read; one that is there already is kept. What is not complete is removed."""
    if path == Path("-"):
        yield sys.stdout.buffer
        return
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="FILE") from error
    try:
        with path.open("wb") as out:
            yield out
    except BaseException:
        path.unlink()
        raise


async def _write(lines: AsyncIterator[bytes], out: BinaryIO) -> int:
    number = 0
    async for some in lines:
        out.write(some)
        number += some.count(b"\n")
    out.flush()
    return number
