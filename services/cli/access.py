"""For the privacy officer: everything about one klant, for a request under AVG art. 15 and 20."""

from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.pages import PageFile, written_page
from services.cli.progress import Bar, progress
from services.cli.streams import tell
from services.cli.subject import ReasonGiven, RequestNumber, SubjectFile, asked_subject
from services.operations.access.answer import Release, answer
from services.operations.access.gather import Gathered, gather
from services.operations.access.page import access_page
from services.operations.places.search import traces_of
from services.operations.subjects import Subject
from services.operations.wording import counted
from services.runtime.channel_topics import NOT_SEARCHED
from services.runtime.settings import Settings

app = typer.Typer(add_completion=False)

ONLY_SEARCHED = "Only an id or a number in one tells whom it is about: the command searched for those."

Weighed = Annotated[
    list[str] | None,
    typer.Option(
        "--weighed", metavar="NUMMER", help="A klantcontact that a person has weighed and may go out. May be repeated."
    ),
]
ForWeighing = Annotated[
    bool,
    typer.Option("--to-weigh", help="Include what a person has to weigh. That answer is not for the klant."),
]


@app.command()
def access(
    *,
    request: RequestNumber,
    reason: ReasonGiven,
    subject: SubjectFile = None,
    page: PageFile = None,
    weighed: Weighed = None,
    to_weigh: ForWeighing = False,
    as_json: AsJson = False,
) -> None:
    """Show everything about one klant, or one contact: for a request for access. Changes nothing.

    Who is meant is read from standard input or a file. Others are blacked out. The audit trail is written first.
    """
    if page is not None and to_weigh:
        raise typer.BadParameter("the page is for the klant, and --to-weigh is not", param_hint="--page")
    if page is None and not as_json:
        raise typer.BadParameter("choose --json, --page FILE or both", param_hint="--json")
    asked, given = asked_subject(subject), settings()
    with written_page(page) as write, progress("searching", shown=not as_json) as bar:
        found = uvloop.run(_found(given, asked, request, reason, bar))
        made = answer(found, given, Release(everything=to_weigh, nummers=frozenset(weighed or ())))
        if write is not None:
            write(access_page(made))
    if given.kanalen_file is None:
        tell(NOT_SEARCHED)
    for each in made["plaatsen"]:
        if each["onleesbaar"]:
            tell(f"{each['plaats']}: {counted(each['onleesbaar'], 'record')} of another form. {ONLY_SEARCHED}")
    for each in made["teWegen"]:
        if not each["gewogen"]:
            told = ", ".join(each["redenen"])
            tell(f"Left out until a person has weighed it: klantcontact {each.get('nummer', '(confidential)')} {told}")
    if as_json:
        print_json(made)


async def _found(given: Settings, subject: Subject, request: str, reason: str, bar: Bar) -> Gathered:
    traces = await traces_of(given, subject)
    return await gather(given, traces, request=request, reason=reason, progress=bar)
