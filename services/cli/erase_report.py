"""For the privacy officer: what is left of what was erased, place by place."""

from collections.abc import Iterator

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.pages import PageFile, written_page
from services.cli.progress import progress
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND, tell
from services.cli.subject import RequestNumber, SubjectFile, asked_subject
from services.operations.erase_report.page import report_page
from services.operations.erase_report.report import ErasureReport, report_of
from services.operations.places.place import StayTerm
from services.operations.wording import counted, to_the_second
from services.runtime.channel_topics import NOT_SEARCHED

app = typer.Typer(add_completion=False)


@app.command()
def erase_report(
    *, request: RequestNumber, subject: SubjectFile = None, page: PageFile = None, as_json: AsJson = False
) -> None:
    """Show, place by place, what is left of what was erased for a request, and who has yet to read of it.

    `--from` says who was meant, so that the topics of publishers are searched for a number of the klant too.
    Exit status 1: a collection in use still holds something.
    """
    asked, given = asked_subject(subject) if subject is not None else None, settings()
    with written_page(page) as write, progress("searching", shown=not as_json) as bar:
        report = uvloop.run(report_of(given, request, subject=asked, progress=bar))
        if write is not None:
            write(report_page(report))
    if given.kanalen_file is None:
        tell(NOT_SEARCHED)
    if as_json:
        print_json(report)
    else:
        print_table(report_rows(report), bold_first=True)
    raise typer.Exit(0 if report["klaar"] else FAULTS_FOUND)


def report_rows(report: ErasureReport) -> list[tuple[str, str]]:
    """Return a report in rows of a name and a text."""
    places = [(each["plaats"], _told(each)) for each in report["plaatsen"]]
    groups = [(f"group {each['groep']}", _behind(each["nogTeLezen"])) for each in report["afnemers"]]
    return [*places, *_went(report["openKlant"]), *groups]


def _went(rows: ErasureReport | None) -> Iterator[tuple[str, str]]:
    """Yield what went from Open Klant, and by name what others had hung on it."""
    if rows is not None:
        yield "gone from Open Klant", counted(rows["verwijderd"], "row")
        for each in rows["vanAnderenMee"]:
            yield "", f"with them, of others or in progress: {each['soort']}/{each['uuid']}"


def _behind(number: int) -> str:
    return f"has {counted(number, 'withdrawal')} to read" if number else "has read all"


def _told(place: ErasureReport) -> str:
    ends = _ends(place)
    if not place["doorzocht"]:
        return f"can't be searched: {ends}"
    odd = f"; {counted(place['onleesbaar'], 'record')} of another form" if place["onleesbaar"] else ""
    if not place["aantal"]:
        return f"0 found{odd}"
    return f"{place['aantal']} found, {place['metInhoud']} with contents: {ends}{odd}"


def _ends(place: ErasureReport) -> str:
    if place["totUiterlijk"]:
        return f"until {to_the_second(place['totUiterlijk'])}"
    term = str(place["termijn"])
    if term == StayTerm.COMPACTION:
        term = f"some time after {counted(round(place['dagen']), 'day')}"
    if place["inhoudTotUiterlijk"]:
        return f"contents until {to_the_second(place['inhoudTotUiterlijk'])}, ids {term}"
    return term
