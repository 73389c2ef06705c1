"""For operators: why a contact was registered or not, and how many were by which rule."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.arguments import FAULTS_FOUND, WRONG_USE, AsJson, settings
from services.cli.operators import PANEL
from services.cli.screen import print_table, progress, tell, waiting

if TYPE_CHECKING:
    from services.operations.explain.search import Asked
    from services.operations.stats import By

app = typer.Typer()

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="A day in UTC, included.")]


@app.command(rich_help_panel=PANEL)
def explain(
    contact: Annotated[
        str, typer.Argument(metavar="CONTACT|NUMMER", help="A contactId, a klantcontactId or a klantcontactnummer.")
    ],
    *,
    source: Annotated[str | None, typer.Option(metavar="URN", help="Only a contact of this source.")] = None,
    as_nummer: Annotated[bool, typer.Option("--nummer", help="It is the nummer of a klantcontact.")] = False,
    as_contact: Annotated[bool, typer.Option("--contact", help="It is a contactId.")] = False,
    dead_letters: Annotated[
        bool, typer.Option("--dead-letters/--no-dead-letters", help="Whether to read through all dead letters for it.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Show why a contact was registered or not, and what came of it. Shows no contents and changes nothing.

    Exit status 1: nothing was decided about it, or Kafka or MongoDB is away.
    """
    import uvloop

    from services.cli import explain_json as in_json
    from services.cli import explain_screen as on_screen
    from services.operations.explain.explain import Explained
    from services.operations.explain.explain import explain as find_out
    from services.operations.explain.search import SeveralContacts

    asked = _asked(contact, source, as_nummer=as_nummer, as_contact=as_contact)
    try:
        with progress("reading topics", shown=not as_json) as bar:
            found = uvloop.run(find_out(settings(), asked, letters=dead_letters, progress=bar))
    except SeveralContacts as error:
        tell(str(error))
        raise typer.Exit(WRONG_USE) from error
    decided = isinstance(found, Explained)
    if as_json:
        read = in_json.explained(found) if isinstance(found, Explained) else in_json.not_decided(found)
        typer.echo(json.dumps({"decided": decided, **read}))
    else:
        rows = on_screen.explained(found, contact) if isinstance(found, Explained) else on_screen.not_decided(found)
        print_table(rows, bold_first=True)
    fault = found.kafka_fault if isinstance(found, Explained) else None
    if fault is not None:
        tell(fault)
    raise typer.Exit(0 if decided and fault is None else FAULTS_FOUND)


def _asked(text: str, source: str | None, *, as_nummer: bool, as_contact: bool) -> "Asked":
    from services.operations.explain.search import EVERY_NAME, Asked, Name, is_nummer

    if as_nummer and as_contact:
        raise typer.BadParameter("--nummer and --contact exclude each other.")
    if as_nummer and not is_nummer(text):
        raise typer.BadParameter("the nummer of a klantcontact has one to ten digits.")
    names = frozenset({Name.NUMMER}) if as_nummer else frozenset({Name.CONTACT}) if as_contact else EVERY_NAME
    return Asked(text, names, source)


@app.command(rich_help_panel=PANEL)
def stats(
    by: Annotated[
        list[str] | None, typer.Option(metavar="rule|source|day", help="Several with commas, or repeated.")
    ] = None,
    since: Day = None,
    until: Day = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Count decisions by rule, source and day. A correction or a new judgement is a decision too; a repeat is none."""
    import uvloop

    from services.operations.stats import stats as count

    dimensions = _dimensions(by or ["rule"])
    if since and until and since > until:
        raise typer.BadParameter("--since lies after --until.")
    first, last = (day.date() if day else None for day in (since, until))
    with waiting("asking MongoDB", shown=not as_json):
        counted = uvloop.run(count(settings(), by=dimensions, since=first, until=last))
    if as_json:
        counts = [{**dict(zip(dimensions, each.values, strict=True)), "number": each.number} for each in counted.counts]
        typer.echo(json.dumps({"counts": counts, "total": counted.total}))
        return
    rows = [(*each.values, str(each.number)) for each in counted.counts]
    total = ("total", *[""] * (len(dimensions) - 1), str(counted.total))
    print_table([*rows, total], heading=(*dimensions, "decisions"))


def _dimensions(given: Sequence[str]) -> "list[By]":
    from services.operations.stats import By

    try:
        return list(dict.fromkeys(By(each.strip()) for part in given for each in part.split(",")))
    except ValueError as error:
        raise typer.BadParameter(f"--by takes {', '.join(By)}.") from error
