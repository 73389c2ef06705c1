"""Judging stored contacts again: what would change, and doing it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.arguments import FAULTS_FOUND, AsJson, settings
from services.cli.operators import PANEL
from services.cli.screen import progress, tell

if TYPE_CHECKING:
    from services.operations.replay.differences import Outcome
    from services.operations.replay.judging import Examined
    from services.operations.replay.replay import Replayed, Tell
    from services.operations.replay.requests import Answer
    from services.operations.replay.selection import Selection

app = typer.Typer()

HEADING = ("contact", "onderwerp", "rule", "klantcontact", "taak", "partij", "")
WIDTHS = (28, 16, 8, 12, 9, 20, 0)


@app.command(rich_help_panel=PANEL)
def replay(  # noqa: PLR0913 - each is an option that an operator can give
    since: Annotated[str, typer.Option("--from", help="Written at or after this moment; or ago, as in 3d.")] = "",
    until: Annotated[str, typer.Option("--to", help="Written before this moment.")] = "",
    offsets: Annotated[list[str] | None, typer.Option(help="P:A-B, some records of a partition. Repeatable.")] = None,
    contact: Annotated[list[str] | None, typer.Option(help="A contactId. Repeatable.")] = None,
    source: Annotated[str, typer.Option(help="Only contacts of this source.")] = "",
    policy: Annotated[Path | None, typer.Option(help="TOML file; else KLANTCONTACT_BELEID_FILE.")] = None,
    *,
    execute: Annotated[bool, typer.Option("--execute/--dry-run", help="Have the classifier judge again.")] = False,
    with_current_register: Annotated[
        bool, typer.Option(help="Judge by what the register knows today, not by the facts of the decision record.")
    ] = False,
    diff_only: Annotated[bool, typer.Option(help="Leave out contacts that come out the same.")] = False,
    as_json: AsJson = False,
) -> None:
    """Judge contacts again that are still in contact.ended, under today's policy, and show what would change.

    A dry run, which is the default, only reads. With --execute the classifier makes the new judgements under the ids
    and numbers that the contacts have, and publishes what changes; doing it twice changes nothing the second time.
    """
    import uvloop

    from services.domain.herbeoordeling import Feiten
    from services.domain.policy import Beleid
    from services.operations.replay.replay import replay as judge_again
    from services.runtime.policy_file import load_policy_file

    given = settings()
    selection = _selection(since, until, offsets or [], contact or [], source)
    with progress("judging again", shown=True) as bar:
        replayed = uvloop.run(
            judge_again(
                given,
                selection,
                beleid=load_policy_file(policy or given.beleid_file, Beleid),
                feiten=Feiten.HUIDIG if with_current_register else Feiten.VASTGELEGD,
                execute=execute,
                tell=_tell_json(diff_only=diff_only) if as_json else _tell_rows(diff_only=diff_only),
                progress=bar,
            )
        )
    if as_json:
        typer.echo(json.dumps({"summary": replayed.as_json()}))
    else:
        _print_summary(replayed, executed=execute)
    raise typer.Exit(0 if replayed.is_as_shown else FAULTS_FOUND)


def _selection(since: str, until: str, offsets: list[str], contacts: list[str], source: str) -> "Selection":
    from services.operations.moments import read_moment
    from services.operations.replay.errors import InvalidSelection
    from services.operations.replay.selection import Selection, read_offsets

    now = datetime.now(UTC)
    try:
        return Selection(
            since=read_moment(since, now) if since else None,
            until=read_moment(until, now) if until else None,
            offsets=tuple(read_offsets(each) for each in offsets),
            contacts=tuple(dict.fromkeys(contacts)),
            source=source or None,
        )
    except (InvalidSelection, ValueError) as error:
        raise typer.BadParameter(str(error)) from error


# Showing it


def _tell_json(*, diff_only: bool) -> "Tell":
    def show(examined: "Examined", answer: "Answer | None") -> None:
        if examined.difference is None and diff_only:
            return
        shown = {
            "source": examined.source,
            "contactId": examined.contact_id,
            "partition": examined.record.partition,
            "offset": examined.record.offset,
            "standing": examined.standing.value,
        }
        if examined.difference is not None:
            shown |= examined.difference.as_json()
        if answer is not None:
            shown["answer"] = answer.value
        typer.echo(json.dumps(shown))

    return show


def _tell_rows(*, diff_only: bool) -> "Tell":
    from services.operations.wording import printable

    typer.echo(_row(HEADING))

    def show(examined: "Examined", answer: "Answer | None") -> None:
        contact_id = printable(examined.contact_id or f"{examined.record.partition}:{examined.record.offset}")
        if examined.difference is None:
            if not diff_only:
                typer.echo(_row((contact_id, "", "", "", "", "", examined.standing.value)))
            return
        for onderwerp in examined.difference.onderwerpen:
            note = answer.value if answer else "in its events only" if onderwerp.only_besides else "changes"
            typer.echo(
                _row((contact_id, printable(onderwerp.onderwerp_id), *_change(onderwerp.was, onderwerp.wordt), note))
            )

    return show


def _row(cells: Sequence[str]) -> str:
    # Row by row, since nobody knows how many come: a table that fits its columns would have to wait for the last.
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def _change(was: "Outcome", wordt: "Outcome") -> tuple[str, str, str, str]:
    def arrow(before: str, after: str) -> str:
        return before if before == after else f"{before} → {after}"

    def yes(*, it_is: bool) -> str:
        return "yes" if it_is else "no"

    return (
        arrow(was.regel, wordt.regel),
        arrow(yes(it_is=was.klantcontact), yes(it_is=wordt.klantcontact)),
        arrow(yes(it_is=was.interne_taak), yes(it_is=wordt.interne_taak)),
        arrow(was.partij, wordt.partij),
    )


def _print_summary(replayed: "Replayed", *, executed: bool) -> None:
    summary = replayed.summary
    tell("")
    for standing, number in summary.records.items():
        tell(f"{number:>8}  {standing}")
    for (was, wordt), number in sorted(summary.rules.items()):
        tell(f"{number:>8}  onderwerpen {was} → {wordt}")
    for answer, number in replayed.answers.items():
        tell(f"{number:>8}  contacts {answer}")
    for partition, first in replayed.trimmed.items():
        tell(f"Partition {partition} holds offset {first} and later; what lay before has been removed.")
    if replayed.forgotten:
        tell(
            f"More changed than a dry run can carry along: what {replayed.forgotten:,} contacts change for those after "
            "them is not in what was shown of those. Choose less of contact.ended, and execute that first."
        )
    if not executed and summary.records["changes"]:
        tell("Nothing was changed. --execute has the classifier judge these contacts again.")
    if not replayed.is_as_shown:
        tell(
            "Not everything came out as shown: does the classifier run with the policy that was used here? If so, "
            "something changed meanwhile; start again to see."
        )
