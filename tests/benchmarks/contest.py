"""Runs what is to be compared in turn, so that a slow minute of the machine slows all of it."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.local.servers.errors import LocalStackError
from tests.benchmarks.figures import Run, in_turn

Contestant = Callable[[str], Mapping[str, Run]]
"""Makes one run, under a name that no other run has. Returns what it showed, by name: usually its own."""


class NotRun(Exception):
    """Something can't be measured here. The message says why, and what would help."""


@dataclass(frozen=True)
class Results:
    """The runs of each name, one a round, and why there are none."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def why_missing(self, name: str) -> str | None:
        """Return why there are no runs of a name; None where there are. What follows a comma is a part of a run."""
        return self.missing.get(name.partition(",")[0])

    def add(self, runs: Mapping[str, Run]) -> None:
        """Add what one run showed."""
        for name, run in runs.items():
            self.runs.setdefault(name, []).append(run)


def contest(contestants: Mapping[str, Contestant], rounds: int, results: Results) -> None:
    """Run each contestant once a round. Keep only the reason of one that fails, and run it no more."""
    for number, name in enumerate(in_turn(list(contestants), rounds)):
        if name in results.missing:
            continue
        try:
            shown = contestants[name](f"run{number}")
        except (NotRun, RuntimeError, LocalStackError) as error:
            say(f"{name}: {error}")
            results.missing[name] = str(error).splitlines()[0]
            for part in [each for each in results.runs if each.partition(",")[0] == name]:
                del results.runs[part]
        else:
            results.add(shown)
            for run in shown.values():
                say(f"{run.name}: {run.events_per_second:,.0f}/s, {run.process_us:.0f} µs an event")


def say(line: str) -> None:
    """Tell the person at the terminal how far the benchmark is."""
    sys.stderr.write(f"{line}\n")
