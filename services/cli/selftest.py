"""For operators: whether a running system does what it promises."""

from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, PolicyFile, ToTopic, beleid, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.purpose import AsOperator
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.publish import topic_meant
from services.operations.selftest.contacts import is_run
from services.operations.selftest.selftest import SelfTested, selftest, take_back, told

app = typer.Typer(add_completion=False)


def _run_name(name: str | None) -> str | None:
    if name is not None and not is_run(name):
        raise typer.BadParameter("a run has a name of ten small letters, which it told when it began")
    return name


RunName = Annotated[
    str | None,
    typer.Option(
        "--take-back",
        metavar="RUN",
        callback=_run_name,
        help="Only erase what an interrupted run left. The run printed its name.",
    ),
]


@app.command(name="selftest")
def try_system(
    *,
    policy: PolicyFile = None,
    topic: ToTopic = None,
    run: RunName = None,
    by: AsOperator = None,
    as_json: AsJson = False,
) -> None:
    """Send contacts of a source of its own through the running system, compare what comes of them, and erase them.

    Subscribers see their events. They use up some numbers. Exit status 1: something is not as it must be.
    """
    given = settings()
    with waiting("trying", shown=not as_json):
        if run is not None:
            tested = uvloop.run(take_back(given, run, by=by))
        else:
            meant = topic_meant(topic, given)
            tested = uvloop.run(selftest(given, beleid(policy), topic=meant, by=by, tell=tell))
    if as_json:
        print_json(told(tested))
    else:
        _show(tested)
    raise typer.Exit(0 if tested.is_right else FAULTS_FOUND)


def _show(tested: SelfTested) -> None:
    print_table(
        ("ok" if each.ok else "NOT OK", each.name, f"{each.found}\n{each.advice}".strip()) for each in tested.checks
    )
    for name, seconds in tested.seconds.items():
        if seconds is not None:
            typer.echo(f"{name} after {seconds:.1f} s")
