"""For operators: why a contact was registered or not."""

from typing import Annotated

import typer
import uvloop

from services.cli import explain_json as in_json
from services.cli import explain_record as on_screen
from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import Bar, progress
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.audit.trail import Purpose, noting
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.explain import explain as find_out
from services.operations.explain.message import AtMessage, explain_message
from services.operations.explain.record import AtPosition, explain_record, position_of
from services.operations.explain.search import EVERY_NAME, Asked, Name, is_nummer
from services.operations.wording import printable_id
from services.runtime.channel_topics import NOT_SEARCHED

app = typer.Typer(add_completion=False)


@app.command()
def explain(  # noqa: PLR0913 - each is an option that an operator can give
    contact: Annotated[
        str,
        typer.Argument(
            metavar="CONTACT|NUMMER|TOPIC:PARTITION:OFFSET",
            help="A contactId, a klantcontactId or a klantcontactnummer, or where a record lies.",
        ),
    ],
    *,
    source: Annotated[str | None, typer.Option(metavar="URN", help="Only a contact of this source.")] = None,
    as_nummer: Annotated[bool, typer.Option("--nummer", help="It is the nummer of a klantcontact.")] = False,
    as_contact: Annotated[bool, typer.Option("--contact", help="It is a contactId.")] = False,
    dead_letters: Annotated[
        bool,
        typer.Option(
            "--dead-letters/--no-dead-letters",
            help="Whether to read through all that publishers sent, and all dead letters, for it.",
        ),
    ] = True,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Show why a contact was registered or not, and what came of it. Shows no contents and changes nothing.

    Exit status 1: nothing was decided about it, or Kafka or MongoDB is away.
    """
    asked = _asked(contact, source, as_nummer=as_nummer, as_contact=as_contact)
    why = purpose(request=request, reason=reason, by=by)
    with progress("reading topics", shown=not as_json) as bar:
        found = uvloop.run(_find_out(asked, why, through=dead_letters, bar=bar))
    decided = found.contact if isinstance(found, AtPosition) else found
    explained = decided if isinstance(decided, Explained) else None
    is_decided = explained is not None or (isinstance(found, AtMessage) and found.is_decided)
    if as_json:
        print_json({"decided": is_decided, **in_json.told(found)})
    else:
        print_table(on_screen.told(found, contact), bold_first=True)
    fault = explained.kafka_fault if explained else None
    if fault is not None:
        tell(fault)
    raise typer.Exit(0 if is_decided and fault is None else FAULTS_FOUND)


FoundOut = Explained | NotDecided | AtPosition | AtMessage


async def _find_out(asked: Asked, why: Purpose, *, through: bool, bar: Bar) -> FoundOut:
    """Return what is known, after the audit trail has that the operator will see it."""
    given = settings()
    position = position_of(asked.text, given) if asked.names == EVERY_NAME and asked.source is None else None
    found: FoundOut
    if position is not None and position.topic in given.raw_topics:
        found = await explain_message(given, position, through=through, progress=bar)
    elif position is not None:
        found = await explain_record(given, position, through=through, progress=bar)
    else:
        found = await find_out(given, asked, through=through, progress=bar, tell=tell)
        if isinstance(found, NotDecided) and given.kanalen_file is None:
            tell(NOT_SEARCHED)
    await noting(given, "explain", why)({"contacts": 1}, [_shown_id(asked, found)])
    return found


def _shown_id(asked: Asked, found: FoundOut) -> str:
    """Return the contactId that shows, or else what was asked for: a text that something was found by."""
    contact = found.contact if isinstance(found, AtPosition) else found
    return printable_id(contact.besluit.contact_id if isinstance(contact, Explained) else asked.text)


def _asked(text: str, source: str | None, *, as_nummer: bool, as_contact: bool) -> Asked:
    if as_nummer and as_contact:
        raise typer.BadParameter("--nummer and --contact exclude each other.")
    if as_nummer and not is_nummer(text):
        raise typer.BadParameter("the nummer of a klantcontact has one to ten digits.")
    names = frozenset({Name.NUMMER}) if as_nummer else frozenset({Name.CONTACT}) if as_contact else EVERY_NAME
    return Asked(text, names, source)
