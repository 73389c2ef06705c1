"""`make compare WITH=<commit>`: classifier and projector of this tree beside those of a commit, as ratios.

Both trees run in turn on the same servers and read the same contacts, each in its own `.venv` on the same Python. A
projector reads what the classifier of its own tree has published. The JSON file has the figures of every round.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks.contest import say
from tests.benchmarks.figures import Figure, Run, Spread, in_turn, of_pairs, of_runs
from tests.benchmarks.ground import Filled, Ground, ground
from tests.benchmarks.in_memory import in_memory_us
from tests.benchmarks.machine import machine
from tests.benchmarks.options import Options
from tests.benchmarks.product import Services
from tests.benchmarks.trees import WORK, Tree, this_tree, tree_of

SERVICES: Final = ("classifier", "projector")
IN_MEMORY_ROUNDS: Final = 12
"""The least of so many is the same within some percent, whatever else the machine does."""

REPORT: Final = WORK / "compare.json"

FIGURES: Final[Mapping[str, Figure]] = {
    "events/s": lambda run: run.events_per_second,
    "CPU µs an event: process": lambda run: run.process_us,
    "CPU µs an event: mongod": lambda run: run.mongod_us,
    "CPU µs an event: Kafka": lambda run: run.kafka_us,
    "CPU µs an event: all three": lambda run: run.system_us,
    "peak MB": lambda run: run.peak_mb,
}

Measured = Mapping[str, Sequence[Sequence[Run]]]
"""By service: the runs of this tree, and those of the other."""


def main(arguments: Sequence[str]) -> None:
    """Measure both, and print the table."""
    parser = argparse.ArgumentParser(prog="make compare")
    parser.add_argument("commit", help="the commit to compare with")
    parser.add_argument("--only", choices=SERVICES, help="one of the services")
    asked = parser.parse_args(arguments)
    if not asked.commit:
        parser.error("name a commit, as in: make compare WITH=main")
    options = Options.from_environment(events=30_000, rounds=5)
    try:
        trees = this_tree(), tree_of(asked.commit)
    except subprocess.CalledProcessError as error:
        parser.error(f"{asked.commit} can't be set up: {error.stderr or error}")
    with tempfile.TemporaryDirectory() as folder, ground(Path(folder)) as servers:
        measured = _measure(servers, trees, options, only=asked.only)
    in_memory = {} if asked.only == "projector" else _in_memory(trees)
    _show(trees, measured, in_memory, options)
    _write(trees, measured, in_memory, options)


def _measure(servers: Ground, trees: Sequence[Tree], options: Options, *, only: str | None) -> Measured:
    contacts = servers.fill("contact.ended", options.events, partitions=options.partitions)
    # Not counted: Java compiles what Kafka does often, and the first run would pay for the others.
    say("warming up …")
    _one(servers, trees[1], "warm", contacts, options, only)
    measured: defaultdict[str, tuple[list[Run], list[Run]]] = defaultdict(lambda: ([], []))
    for number, which in enumerate(in_turn([0, 1], options.rounds)):
        runs = _one(servers, trees[which], f"r{number}", contacts, options, only)
        for service, run in runs.items():
            measured[service][which].append(replace(run, name=trees[which].name))
            say(f"{trees[which].name} {service}: {run.events_per_second:,.0f}/s, {run.process_us:.0f} µs")
    return measured


def _one(
    servers: Ground, tree: Tree, name: str, contacts: Filled, options: Options, only: str | None
) -> dict[str, Run]:
    services = Services(ground=servers, tree=tree, name=name, contacts=contacts, settings=options.settings)
    services.make_topics(partitions=options.partitions)
    # The projector has nothing to read before the classifier has run.
    runs = {"classifier": services.classify()}
    if only != "classifier":
        runs["projector"] = services.project()
    services.forget()
    return {service: run for service, run in runs.items() if only in {None, service}}


def _in_memory(trees: Sequence[Tree]) -> Mapping[int, Sequence[float]]:
    """Return the CPU µs of each tree in some rounds, by its place. Empty where one of them can't do it."""
    took: dict[int, list[float]] = {0: [], 1: []}
    try:
        for which in in_turn([0, 1], IN_MEMORY_ROUNDS):
            took[which].append(in_memory_us(trees[which]))
    except subprocess.CalledProcessError as error:
        say(f"Not measured in memory: {error.stderr.strip()[-500:]}")
        return {}
    return took


def _show(
    trees: Sequence[Tree], measured: Measured, in_memory: Mapping[int, Sequence[float]], options: Options
) -> None:
    title = f"{options.events:,} contacts, {options.partitions} partitions, {options.rounds} rounds; {machine()}"
    table = Table(title=title, title_justify="left")
    for column in ("", trees[0].name, trees[1].name, "ratio", "lowest – highest"):
        table.add_column(column, justify="left" if not column else "right")
    for service, (ours, theirs) in measured.items():
        table.add_section()
        table.add_row(f"[bold]{service}")
        for name, figure in FIGURES.items():
            each = [f"{of_runs(runs, figure).median:,.0f}" for runs in (ours, theirs)]
            table.add_row(name, *each, *_ratio(of_pairs(ours, theirs, figure)))
    if in_memory:
        least, beside = min(in_memory[0]), min(in_memory[1])
        table.add_section()
        table.add_row("[bold]classifier without servers")
        table.add_row("CPU µs a contact, least", f"{least:,.0f}", f"{beside:,.0f}", f"{least / beside:.3f}", "")
    Console(width=120).print(table)


def _ratio(spread: Spread) -> tuple[str, str]:
    return f"{spread.median:.2f}", f"{spread.lowest:.2f} – {spread.highest:.2f}"


def _write(
    trees: Sequence[Tree], measured: Measured, in_memory: Mapping[int, Sequence[float]], options: Options
) -> None:
    told = {
        "machine": machine().as_json(),
        "options": asdict(options),
        "trees": [tree.name for tree in trees],
        "runs": {service: [[asdict(run) for run in runs] for runs in both] for service, both in measured.items()},
        "in memory": [in_memory.get(0, []), in_memory.get(1, [])],
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(told, indent=1), encoding="utf-8")
    say(f"Every round: {REPORT}")


if __name__ == "__main__":
    main(sys.argv[1:])
