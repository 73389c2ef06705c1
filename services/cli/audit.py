"""For the privacy officer: the audit trail, shown and verified."""

from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
import uvloop

from services.cli.arguments import AsJson, AsJsonLines, settings
from services.cli.json_values import print_json, write_json_line
from services.cli.progress import progress
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.audit.chain import Entry
from services.operations.audit.show import EntrySelection
from services.operations.audit.show import shown as read_shown
from services.operations.audit.verify import Verified, finding_lines
from services.operations.audit.verify import verify as check
from services.operations.topic_reader import Progress
from services.operations.wording import counted, printable, read_moment

ABOUT = (
    "The audit trail: who saw contents or changed something, with which command, when and why. It holds ids, and no "
    "contents."
)

SHOWN_IDS = 5

app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False)


@app.command()
def verify(*, as_json: AsJson = False) -> None:
    """Look whether the trail is whole: nothing removed, changed, inserted, moved or cut off.

    Exit status 1: it is not, and what is wrong is named.
    """
    with progress("reading the trail", shown=not as_json) as bar:
        found = uvloop.run(check(settings(), bar))
    if as_json:
        print_json({"whole": found.is_whole, **_told(found)})
    else:
        _tell(found)
    raise typer.Exit(0 if found.is_whole else FAULTS_FOUND)


@app.command()
def show(
    *,
    command: Annotated[str | None, typer.Option(help="Only of this command, as in `dlq export`, or `dlq`.")] = None,
    request: Annotated[str | None, typer.Option(metavar="NUMBER", help="Only for this case.")] = None,
    since: Annotated[str | None, typer.Option(help="Written at or after this moment, or so long ago: 3d.")] = None,
    as_json: AsJsonLines = False,
) -> None:
    """Show the records of the trail, oldest first. `--json` has all ids of a record."""
    selection = EntrySelection(command=command, request=request, since=_moment(since))
    with progress("reading the trail", shown=not as_json) as bar:
        number = uvloop.run(_show(selection, bar, as_json=as_json))
    if not as_json:
        tell(counted(number, "record"))


async def _show(selection: EntrySelection, bar: Progress, *, as_json: bool) -> int:
    number = 0
    async with aclosing(read_shown(settings(), selection, bar)) as entries:
        async for offset, entry in entries:
            number += 1
            if as_json:
                write_json_line({"offset": offset, **entry.fields})
            else:
                typer.echo(_line(entry))
    return number


def _line(entry: Entry) -> str:
    """Return a record on one line for a person."""
    fields = entry.fields
    counts = ", ".join(f"{number} {what}" for what, number in fields["counts"].items())
    ids = fields["ids"]
    named = " ".join(str(each) for each in ids[:SHOWN_IDS]) + (
        f" and {len(ids) - SHOWN_IDS} more" * (len(ids) > SHOWN_IDS)
    )
    parts = (
        str(entry.sequence),
        entry.at,
        who_told(fields["who"]),
        fields["command"],
        f"case {fields['request']}" if fields["request"] else "",
        f"because {fields['reason']}" if fields["reason"] else "",
        counts,
        named,
    )
    return "  ".join(printable(str(part), 400) for part in parts if part)


def who_told(who: Mapping[str, Any]) -> str:
    """Return who acted: the signed-in operator first, where one was named."""
    by = [str(who[name]) for name in ("as", "kafka", "mongodb") if who.get(name)]
    return f"{', '.join(by)} ({who.get('system')})"


def _moment(text: str | None) -> datetime | None:
    try:
        return read_moment(text, datetime.now(UTC)) if text else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error


def _told(found: Verified) -> dict[str, Any]:
    return {
        "records": found.records,
        "first": found.first,
        "newest": found.newest,
        "beyondHead": found.beyond_head,
        "faults": found.faults,
        "moreFaults": found.more_faults,
    }


def _tell(found: Verified) -> None:
    for line in finding_lines(found.faults):
        typer.echo(line)
    if found.more_faults:
        typer.echo(f"and {found.more_faults} more")
    if found.first is not None and found.newest is not None:
        typer.echo(
            f"{counted(found.records, 'record')}, {found.first.sequence} of {found.first.at} to "
            f"{found.newest.sequence} of {found.newest.at}"
        )
    else:
        typer.echo("The trail has no record yet.")
    if found.beyond_head:
        tell(
            f"MongoDB does not know the last {counted(found.beyond_head, 'record')}: a command was killed before it "
            "went on, or is at work, or MongoDB was restored from a backup."
        )
    typer.echo("The trail is whole." if found.is_whole else "THE TRAIL IS NOT WHOLE.")
