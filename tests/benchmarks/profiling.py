"""`make profile`: what each step of a batch costs, and a flame graph, of both services while they work.

py-spy looks at a running service from outside, so that the service runs as always. Its flame graph is of the seconds
after those of the table.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks.contestants import Contestants
from tests.benchmarks.figures import Run
from tests.benchmarks.ground import Ground, ground
from tests.benchmarks.machine import machine
from tests.benchmarks.options import Options
from tests.benchmarks.steps import OF_SERVICE, Profile
from tests.benchmarks.trees import WORK, this_tree
from tests.benchmarks.watch import WARM_SHARE, Job, watched

FOLDER: Final = WORK / "profile"
SAMPLES_A_SECOND: Final = 300
SECONDS: Final = 8
"""Of the table, and again of the flame graph: 2,400 samples, which know a step of 5 % to half a percent."""

FUNCTIONS: Final = 15
"""The functions that are listed."""


@dataclass(frozen=True)
class Profiled:
    """A service while it was looked at."""

    run: Run
    profile: Profile
    graph: Path


def main(arguments: Sequence[str]) -> None:
    """Profile the services, and print a table of each."""
    parser = argparse.ArgumentParser(prog="make profile")
    parser.add_argument("--only", choices=OF_SERVICE, help="one of the services")
    only = parser.parse_args(arguments).only
    options = Options.from_environment(events=200_000, rounds=1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    console = Console(width=120)
    console.print(f"{this_tree().name}; {machine()}", highlight=False)
    with tempfile.TemporaryDirectory() as folder, ground(Path(folder)) as servers:
        contestants = Contestants(ground=servers, options=options, tree=this_tree())
        services = contestants.services("profiled", contestants.contacts)
        services.make_topics(partitions=options.partitions)
        _show(console, "classifier", profiled(servers, services.job("classifier", services.contacts), "classifier"))
        if only != "classifier":
            outputs = servers.filled(services.outputs)
            _show(console, "projector", profiled(servers, services.job("projector", outputs), "projector"))


def profiled(servers: Ground, job: Job, service: str) -> Profiled:
    """Let a service read to the end, and look at it on the way.

    Raises RuntimeError when it was done too soon, and where this user may not look into another process.
    """
    stacks, graph = FOLDER / f"{service}.txt", FOLDER / f"{service}.svg"
    with watched(servers, job) as seen:
        seen.until(WARM_SHARE)
        first = seen.look()
        _record(seen.processes[0].pid, stacks, "raw")
        last = seen.look()
        _record(seen.processes[0].pid, graph, "flamegraph")
        if seen.look().position >= seen.length:
            raise RuntimeError(f"the {service} was done before its profile: set KLANTCONTACT_BENCH_EVENTS higher")
        run = seen.run(first, last)
        seen.until(1.0)
    return Profiled(run, Profile.of_lines(stacks.read_text(encoding="utf-8").splitlines()), graph)


def _record(pid: int, file: Path, form: str) -> None:
    spy = Path(sys.executable).with_name("py-spy")
    command = [str(spy), "record", "--pid", str(pid), "--output", str(file), "--format", form, "--function"]
    command += ["--duration", str(SECONDS), "--rate", str(SAMPLES_A_SECOND)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"py-spy failed. It needs root, or kernel.yama.ptrace_scope=0:\n{done.stderr.strip()}")


def _show(console: Console, service: str, made: Profiled) -> None:
    run = made.run
    console.print(
        f"\n[bold]{service}[/bold]: {run.events:,} events in {run.seconds:.0f} s, CPU µs an event: process "
        f"{run.process_us:.0f}, mongod {run.mongod_us:.0f}, Kafka {run.kafka_us:.0f}",
        highlight=False,
    )
    by_function = dict(list(made.profile.by_function().items())[:FUNCTIONS])
    for title, shares in (("step", made.profile.by_step(OF_SERVICE[service])), ("function by itself", by_function)):
        console.print(_table(title, shares, run))
    console.print(f"Flame graph: {made.graph}", highlight=False)


def _table(title: str, shares: Mapping[str, float], run: Run) -> Table:
    table = Table()
    table.add_column(title)
    table.add_column("share", justify="right")
    table.add_column("µs an event", justify="right")
    for name, share in shares.items():
        if share:
            table.add_row(name, f"{share:.1%}", f"{share * run.process_us:.1f}")
    return table


if __name__ == "__main__":
    main(sys.argv[1:])
