"""`make bench`: the services beside their floor and their peers, as ratios of runs that take turns.

`ONLY` names sections, separated by commas. `options.py` has the variables that change the size.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.benchmarks.bridge import bridge_rows
from tests.benchmarks.contest import Contestant, NotRun, Results, contest, say
from tests.benchmarks.contestants import COMPILED, Contestants
from tests.benchmarks.ground import CACHE, Ground, ground
from tests.benchmarks.intake import intake_rows
from tests.benchmarks.latency import latency_rows
from tests.benchmarks.machine import machine
from tests.benchmarks.memory import memory_rows
from tests.benchmarks.options import Options
from tests.benchmarks.peers.contestants import PEERS, Peers
from tests.benchmarks.register import Registers
from tests.benchmarks.report import WIDTH, Report, write
from tests.benchmarks.rows import Row
from tests.benchmarks.sections import SECTIONS
from tests.benchmarks.start import start_rows
from tests.benchmarks.trees import WORK, this_tree

OTHERS: Final = ("register", "latency", "memory", "start", "intake", "bridge")
"""Sections that measure something else than how fast events are handled."""

NAMES: Final = (*SECTIONS, *OTHERS)
LATENCY_ROUNDS: Final = 3
"""At most: a round takes as long as it takes, however fast the services are."""

REPORT: Final = WORK / "bench.json"
PAGE: Final = Path(__file__).with_name("results.md")


def main(arguments: Sequence[str]) -> int:
    """Measure, show and write. Returns 1 when one of our own did not run to its end."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default=",".join(NAMES), help=f"some of {', '.join(NAMES)}")
    wanted = parser.parse_args(arguments).only.split(",")
    if unknown := set(wanted) - set(NAMES):
        parser.error(f"{', '.join(sorted(unknown))}: no such section; there are {', '.join(NAMES)}")
    options = Options.from_environment(events=60_000, rounds=5)
    began, started = datetime.now(UTC), time.monotonic()
    results = Results()
    with tempfile.TemporaryDirectory() as folder, ground(Path(folder)) as servers:
        contestants = Contestants(ground=servers, options=options, tree=this_tree())
        sections = measured(contestants, wanted, results)
        report = Report(
            commit=contestants.tree.name,
            began=began,
            seconds=time.monotonic() - started,
            machine=machine(),
            servers=_servers(servers),
            options=options,
            sections=sections,
            runs=results,
        )
    report.show(Console(width=WIDTH))
    write(report, json_file=REPORT, page=PAGE if set(wanted) == set(NAMES) else None)
    print(f"Every round: {REPORT}")
    return int(bool(results.missing.keys() - {*PEERS, COMPILED}))


def measured(contestants: Contestants, wanted: Sequence[str], results: Results) -> Mapping[str, Sequence[Row]]:
    """Run the sections that are wanted, and return the rows of each."""
    registers = Registers(contestants)
    peers = Peers(contestants)
    if any(name in SECTIONS for name in wanted) or "register" in wanted:
        contestants.warm_up()
    needed = {name for section in wanted if section in SECTIONS for name in SECTIONS[section].contestants}
    for group in (
        {**contestants.of_contacts(), **peers.of_contacts()},
        {**contestants.of_events(), **peers.of_events()},
    ):
        _contest({name: each for name, each in group.items() if name in needed}, contestants, results)
    rows = {name: SECTIONS[name].rows(results) for name in SECTIONS if name in wanted}
    if "register" in wanted:
        _contest(registers.of_contacts(), contestants, results)
        rows["register"] = registers.rows(results)
    others: Mapping[str, Callable[[], Sequence[Row]]] = {
        "latency": lambda: latency_rows(contestants, min(contestants.options.rounds, LATENCY_ROUNDS)),
        "memory": lambda: memory_rows(contestants),
        "intake": lambda: intake_rows(contestants.ground, contestants.options.rounds),
        "bridge": lambda: bridge_rows(contestants.ground),
        "start": lambda: start_rows(contestants.tree, contestants.ground.folder),
    }
    for name, measure in others.items():
        if name in wanted:
            rows[name] = _rows(name, measure, results)
    return rows


def _rows(name: str, measure: Callable[[], Sequence[Row]], results: Results) -> Sequence[Row]:
    """Return the rows of a section; one that says why, when it fails: the figures of the others are kept."""
    say(f"{name} …")
    try:
        return measure()
    except (NotRun, RuntimeError, AssertionError) as error:
        say(f"{name}: {error}")
        results.missing[name] = str(error).splitlines()[0]
        return [Row(what=name, value=None, note=results.missing[name])]


def _contest(those: Mapping[str, Contestant], contestants: Contestants, results: Results) -> None:
    if those:
        contest(those, contestants.options.rounds, results)


def _servers(servers: Ground) -> str:
    return f"{servers.stack.kafka_kind}, {servers.stack.mongo_kind} with a cache of {CACHE}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
