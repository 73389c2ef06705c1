"""`klantcontact …`: what a person types. Each command is a few lines around library code that does the work.

Exit status: 0 done; 1 the work found faults, or what it needs is away; 2 wrong use or wrong settings. What a program
may read goes to stdout, what is for a person only to stderr. A command imports only what it needs, so that `--help`
answers at once.
"""

import json
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from services.local.errors import LocalStackError
from services.runtime.errors import InvalidSettings, KlantcontactError

if TYPE_CHECKING:
    from services.operations.publish import Publication
    from services.runtime.settings import Settings

FAULTS_FOUND = 1
WRONG_USE = 2

STYLES = {"ok": "green", "NOT OK": "bold red"}

ABOUT = (
    "From contact.ended to a register of klantcontacten that keeps exactly what it may keep, and can say why.\n\n"
    "Telephony and channel systems publish an event when a contact has ended. The rules of VNG question V6898 then "
    "decide whether it is registered, whether somebody has to follow up, and which contact details may be kept.\n\n"
    "[bold]Three things to try first[/bold]\n\n"
    "[cyan]klantcontact demo[/cyan] – runs everything on real servers and shows, for each case of the standard, "
    "whether what is stored is right.\n\n"
    "[cyan]klantcontact classify events.jsonl[/cyan] – says what would be registered for your own events. It needs "
    "no servers.\n\n"
    "[cyan]klantcontact up[/cyan] – starts everything on this machine, for you to send events to, until Ctrl-C."
)

EPILOG = (
    "Settings are environment variables that begin with KLANTCONTACT_; the README lists them. Exit status: 0 done, "
    "1 the work found faults, 2 wrong use."
)

app = typer.Typer(help=ABOUT, epilog=EPILOG, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
run_app = typer.Typer(help="Run one of the two services until SIGTERM or Ctrl-C.", no_args_is_help=True)
topics_app = typer.Typer(help="The Kafka topics.", no_args_is_help=True)
app.add_typer(run_app, name="run", rich_help_panel="For operators")
app.add_typer(topics_app, name="topics", rich_help_panel="For operators")

EventsFile = Annotated[Path, typer.Argument(metavar="FILE|-", help="CloudEvents, one JSON object a line; - is stdin.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for a program to read.")]


def main() -> None:
    """Run the command line: the entry point of the package."""
    # Until a service sets up its log, what the libraries write of a server that is away is not for the screen.
    logging.basicConfig(handlers=[logging.NullHandler()])
    try:
        app()
    except (KlantcontactError, LocalStackError) as error:
        _tell(str(error))
        sys.exit(WRONG_USE if isinstance(error, InvalidSettings) else FAULTS_FOUND)


# For publishers ------------------------------------------------------------------------------------------------------


@app.command(rich_help_panel="For publishers of events")
def classify(
    file: EventsFile = Path("-"),
    policy: Annotated[Path | None, typer.Option(help="TOML file; else KLANTCONTACT_BELEID_FILE.")] = None,
) -> None:
    """Judge events without any server, and print for each what would be registered, as one JSON object a line.

    An event that is refused gives its line number and what is wrong with it. Exit status 1: some were.
    """
    import orjson

    from services.domain.policy import Beleid
    from services.operations.dry_run import classify as judge
    from services.runtime.policy_file import load_policy_file

    beleid = load_policy_file(policy or _settings().beleid_file, Beleid)
    some_invalid = False
    with _opened(file) as lines:
        for answer in judge(lines, beleid):
            some_invalid = some_invalid or "fouten" in answer
            sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
    raise typer.Exit(FAULTS_FOUND if some_invalid else 0)


@app.command(rich_help_panel="For publishers of events")
def publish(file: EventsFile, *, as_json: AsJson = False) -> None:
    """Send events to contact.ended, and say which lines the broker did not take.

    The Kafka key is the event's own `partitionkey`, or else a hash of its contact. Sending a file twice is safe.
    """
    import uvloop

    from services.operations.publish import publish as send

    with _opened(file) as lines, _progress(file, shown=not as_json) as progress:
        publication = uvloop.run(send(_settings(), lines, progress=progress))
    if as_json:
        typer.echo(json.dumps(asdict(publication)))
    else:
        for refusal in publication.refusals:
            typer.echo(f"line {refusal.line_number}: {refusal.reason}")
        typer.echo(f"{publication.sent} sent, {publication.refused} refused by the broker")
    raise typer.Exit(FAULTS_FOUND if publication.refused else 0)


# For operators -------------------------------------------------------------------------------------------------------


@run_app.command("classifier")
def run_classifier() -> None:
    """Judge contacts from contact.ended, record what was decided, and publish what is registered."""
    from services.classifier.main import run

    _serve(run)


@run_app.command("projector")
def run_projector() -> None:
    """Keep the collections klantcontacten, partijen and interne_taken up to date with what was published."""
    from services.projector.main import run

    _serve(run)


@topics_app.command("create")
def create_topics(*, as_json: AsJson = False) -> None:
    """Make the topics that do not exist yet. One that exists is left as it is, and where it differs is shown."""
    import uvloop

    from services.operations.topics import create_topics as create

    states = uvloop.run(create(_settings()))
    if as_json:
        typer.echo(json.dumps({"topics": [asdict(state) for state in states]}))
    else:
        rows = [
            (
                state.name,
                "made" if state.created else "existed",
                f"{state.partitions} partitions",
                "\n".join(f"{each.what} is {each.found} and should be {each.wanted}" for each in state.departures),
            )
            for state in states
        ]
        _print_table(rows)
    raise typer.Exit(FAULTS_FOUND if any(state.departures for state in states) else 0)


@app.command(rich_help_panel="For operators")
def doctor(*, as_json: AsJson = False) -> None:
    """Look whether everything is there that the services need, and say what to do about what is not."""
    import uvloop

    from services.operations.doctor import examine

    checks = uvloop.run(examine(_settings()))
    if as_json:
        typer.echo(json.dumps({"checks": [asdict(check) for check in checks]}))
    else:
        _print_table(
            ("ok" if check.ok else "NOT OK", check.name, f"{check.found}\n{check.advice}".strip()) for check in checks
        )
    raise typer.Exit(0 if all(check.ok for check in checks) else FAULTS_FOUND)


# On this machine -----------------------------------------------------------------------------------------------------


@app.command(rich_help_panel="On this machine")
def demo() -> None:
    """Start everything, send each case of the standard through it, and compare what is stored with what should be."""
    from services.local.demo import run

    raise typer.Exit(run())


@app.command(rich_help_panel="On this machine")
def up(
    folder: Annotated[
        Path | None, typer.Option(help="Where data and logs stay for the next time; else they go at the end.")
    ] = None,
) -> None:
    """Start Kafka, MongoDB and both services, print their addresses, and stop it all at Ctrl-C."""
    from services.local.up import run

    run(_settings(), folder=folder, say=_tell)


# Shared --------------------------------------------------------------------------------------------------------------


def _settings() -> "Settings":
    from services.runtime.settings import load_settings

    return load_settings()


def _serve(run: "Callable[[Settings], Awaitable[None]]") -> None:
    """Run a service to its end. Its log says why it stopped; wrong settings are told plainly."""
    import asyncio

    import structlog
    import uvloop

    from services.runtime import garbage, logs

    settings = _settings()
    logs.configure(settings)
    garbage.search_less_often()

    async def watched() -> None:
        logs.watch_loop(asyncio.get_running_loop())
        await run(settings)

    try:
        uvloop.run(watched())
    except InvalidSettings as error:
        structlog.get_logger().critical("service.refused", reason=str(error))
        raise typer.Exit(WRONG_USE) from error
    except Exception as error:
        structlog.get_logger().critical("service.failed", exc_info=error)
        raise typer.Exit(FAULTS_FOUND) from error


def _tell(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if file == Path("-"):
        if sys.stdin.isatty():
            _tell("Type or paste events, one a line; Ctrl-D ends.")
        yield sys.stdin.buffer
        return
    try:
        lines = file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with lines:
        yield lines


@contextmanager
def _progress(file: Path, *, shown: bool) -> "Iterator[Callable[[Publication], None]]":
    """Show how far a file has come, with the rate and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not (shown and sys.stderr.isatty())) as bar:
        task = bar.add_task("sending", total=_count_lines(file), rate="")

        def show(publication: "Publication") -> None:
            speed = bar.tasks[task].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(task, completed=publication.sent + publication.refused, rate=rate)

        yield show


def _count_lines(file: Path) -> int | None:
    if file == Path("-"):
        return None
    with file.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, ""), overflow="fold") for cell in row))
    Console().print(table)


if __name__ == "__main__":
    main()
