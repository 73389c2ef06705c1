"""For operators: the dead letters, listed, shown and exported."""

import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
import uvloop

from services.cli import dlq_filters, dlq_repairs
from services.cli.arguments import AsJson, settings
from services.cli.dlq_filters import Ids, Kinds, Paths, Since, Sources, StateFilter, Topics, Until, Within
from services.cli.dlq_screen import group_values, print_groups, told_rows, told_values
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.audit.trail import noting
from services.operations.dead_letters.content import described
from services.operations.dead_letters.letters import LetterId, Withheld
from services.operations.dead_letters.listing import listed
from services.operations.dead_letters.show import exported, told
from services.operations.wording import counted
from services.runtime.ending import ended_like_interrupted

ABOUT = (
    "The dead letters: events that were refused, with what was wrong with them. Their content shows only where you ask "
    "for it, and the audit trail has first that you see it. A letter is open, redriven or discarded; of one that is "
    "discarded, nobody can read the content any more."
)

app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False)
app.add_typer(dlq_repairs.app)


@app.command("list")
def list_letters(
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
    as_json: AsJson = False,
) -> None:
    """Show the letters in groups with the same kind, paths and source; nothing of their content."""
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
    with progress("reading", shown=not as_json) as bar:
        groups = uvloop.run(listed(settings(), chosen, bar))
    if as_json:
        print_json({"groups": group_values(groups)})
    else:
        print_groups(groups)


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="The letter, as in 3-120: its partition and offset.")],
    *,
    content: Annotated[
        bool, typer.Option("--content", help="Its content too. The audit trail has first that you have seen it.")
    ] = False,
    within: Within = None,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Show one letter: what is wrong with it, where it came from, what was done with it; not its content."""
    with dlq_filters.refused("ID"):
        letter_id = LetterId.parse(letter)
    given = settings()
    note = noting(given, "dlq show --content", purpose(request=request, reason=reason, by=by))
    with progress("reading the letters after it", shown=not as_json) as bar:
        found = uvloop.run(told(given, letter_id, with_content=content, within=within, progress=bar, note=note))
    held = described(found.found.letter.content) if content else {}
    if as_json:
        print_json({**told_values(found), **held})
        return
    print_table(told_rows(found))
    if content:
        print_json(held, spread=True)
        if sys.stderr.isatty():
            tell("That you have seen the content of 1 letter stands in the audit trail.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="A file that is made; - is stdout.")] = Path("-"),
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
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
) -> None:
    """Write letters with their content, one JSON object a line, to be corrected. Every access is recorded.

    Change what is wrong under `event` (under `value` where it is no JSON), and send the lines back with
    `redrive --from FILE`. Exit status 1: of some letters the content can't be read; they are left out.
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
    given, left_out = settings(), Counter[Withheld]()
    note = noting(given, "dlq export", purpose(request=request, reason=reason, by=by))
    with _made(file) as out, progress("reading", shown=True) as bar:
        number = uvloop.run(_write(exported(given, chosen, bar, left_out=left_out, note=note), out))
    tell(
        f"{counted(number, 'letter')} written with their content, which is recorded. Remove the file when you are done."
    )
    for withheld, letters in left_out.most_common():
        tell(f"  {letters} left out: the content {withheld.value}")
    raise typer.Exit(FAULTS_FOUND if left_out else 0)


# What they share ------------------------------------------------------------------------------------------------------


@contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    """Make a file that only its owner may read. An existing file is kept, and an incomplete one is removed."""
    if path == Path("-"):
        yield sys.stdout.buffer
        return
    with ended_like_interrupted():
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


async def _write(lines: AsyncGenerator[bytes, None], out: BinaryIO) -> int:
    number = 0
    async with aclosing(lines):  # also when the reader closes the pipe, as `head` does
        async for some in lines:
            out.write(some)
            number += some.count(b"\n")
    out.flush()
    return number
