"""For operators: why a contact was registered or not."""

from typing import Annotated

import typer
import uvloop

from services.cli import explain_json as in_json
from services.cli import explain_screen as on_screen
from services.cli.arguments import AsJson, settings
from services.cli.screen import print_json, print_table, progress, tell
from services.cli.streams import FAULTS_FOUND, WRONG_USE
from services.operations.explain.explain import Explained
from services.operations.explain.explain import explain as find_out
from services.operations.explain.search import EVERY_NAME, Asked, Name, SeveralContacts, is_nummer

app = typer.Typer(add_completion=False)


@app.command()
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
        print_json({"decided": decided, **read})
    else:
        rows = on_screen.explained(found, contact) if isinstance(found, Explained) else on_screen.not_decided(found)
        print_table(rows, bold_first=True)
    fault = found.kafka_fault if isinstance(found, Explained) else None
    if fault is not None:
        tell(fault)
    raise typer.Exit(0 if decided and fault is None else FAULTS_FOUND)


def _asked(text: str, source: str | None, *, as_nummer: bool, as_contact: bool) -> Asked:
    if as_nummer and as_contact:
        raise typer.BadParameter("--nummer and --contact exclude each other.")
    if as_nummer and not is_nummer(text):
        raise typer.BadParameter("the nummer of a klantcontact has one to ten digits.")
    names = frozenset({Name.NUMMER}) if as_nummer else frozenset({Name.CONTACT}) if as_contact else EVERY_NAME
    return Asked(text, names, source)
