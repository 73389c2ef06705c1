"""For operators: the dead letters, what there is and what they hold."""

import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
import uvloop

from services.cli import dlq_filters, dlq_repairs
from services.cli.arguments import AsJson, settings
from services.cli.dlq_filters import Ids, Kinds, Paths, Since, Sources, StateFilter, Until
from services.cli.dlq_screen import group_values, print_groups, told_rows, told_values
from services.cli.screen import print_json, print_table, progress, tell
from services.operations.dead_letters.content import described
from services.operations.dead_letters.letters import LetterId
from services.operations.dead_letters.listing import listed
from services.operations.dead_letters.show import exported, told
from services.operations.wording import counted
from services.runtime.ending import ended_like_interrupted
from services.runtime.observe.logs import configure

ABOUT = (
    "The dead letters: events that were refused, with what was wrong with them. What they hold shows only when it is "
    "asked for, and who asks is recorded. None is ever deleted: a letter is open, redriven or discarded."
)

app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False)
app.add_typer(dlq_repairs.app)


@app.command("list")
def list_letters(
    *,
    kind: Kinds = None,
    path: Paths = None,
    source: Sources = None,
    letter_id: Ids = None,
    since: Since = None,
    until: Until = None,
    state: StateFilter = None,
    as_json: AsJson = False,
) -> None:
    """Show what lies there, in groups with the same kind, places and source; nothing of what the letters hold."""
    chosen = dlq_filters.selection(
        kinds=kind, paths=path, sources=source, ids=letter_id, since=since, until=until, states=state
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
        bool, typer.Option("--content", help="Also what it holds. That you have seen it is recorded and logged.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one letter: what is wrong with it, where it came from, what was done with it; not what it holds."""
    with dlq_filters.refused("ID"):
        letter_id = LetterId.parse(letter)
    if content:
        _log_accesses()
    with progress("reading what came after it", shown=not as_json) as bar:
        found = uvloop.run(told(settings(), letter_id, with_content=content, progress=bar))
    held = described(found.found.letter.content) if content else {}
    if as_json:
        print_json({**told_values(found), **held})
        return
    print_table(told_rows(found))
    if content:
        print_json(held, spread=True)


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
    state: StateFilter = None,
) -> None:
    """Write letters with all that they hold, one JSON object a line, to be corrected. Every access is recorded.

    Change what is wrong under `event` (under `value` where it is no JSON), and send the lines back with
    `redrive --from FILE`.
    """
    chosen = dlq_filters.selection(
        kinds=kind, paths=path, sources=source, ids=letter_id, since=since, until=until, states=state
    )
    with _made(file) as out, progress("reading", shown=True) as bar:
        _log_accesses()
        number = uvloop.run(_write(exported(settings(), chosen, bar), out))
    tell(f"{counted(number, 'letter')} written, with all that was said: remove the file when it has served.")


# What they share ------------------------------------------------------------------------------------------------------


def _log_accesses() -> None:
    """Set up the log, whose lines go to stderr."""
    configure(settings())


@contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    """Make a file that only its owner may read; one that is there already is kept. What is not complete is removed."""
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
    async with aclosing(lines):  # also when nobody reads on, as `head` does
        async for some in lines:
            out.write(some)
            number += some.count(b"\n")
    out.flush()
    return number
