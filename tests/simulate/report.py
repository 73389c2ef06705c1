"""The report of `make simulate`."""

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from tests.simulate.faults import FaultKind
from tests.simulate.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over worlds."""

    worlds: int = 0
    records: int = 0
    requests: int = 0
    seconds: float = 0.0
    overtaken: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, simulation: Simulation) -> Self:
        """Return the sums of one world."""
        world = simulation.world
        return cls(
            worlds=1,
            records=len(simulation.plan.sent),
            requests=world.requests,
            seconds=world.now,
            overtaken=simulation.overtaken,
            faults=Counter({kind.value: number for kind, number in world.happened.items()}),
            commands=Counter(each.command.value for each in simulation.plan.asked),
        )

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.worlds + other.worlds,
            self.records + other.records,
            self.requests + other.requests,
            self.seconds + other.seconds,
            self.overtaken + other.overtaken,
            self.faults + other.faults,
            self.commands + other.commands,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A bug that was planted, and the seeds that found it."""

    bug: str
    seeds: int
    found: Sequence[int]
    violations: Sequence[str]
    """The most frequent ones."""


def report(totals: Totals, found: Sequence[Found], *, failed: Sequence[int], cpu_seconds: float) -> str:
    """Return the report in Markdown."""
    broken = f"{len(failed)}: seeds {', '.join(map(str, failed))}" if failed else "0"
    lines = [
        "# Simulation",
        "",
        "`make simulate` wrote this page. `make simulate SEED=17` repeats one world.",
        "[How it works](../../docs/architecture/simulation.md).",
        "",
        *_table(
            ("what", "how many"),
            {
                "worlds (seeds)": f"{totals.worlds:,}",
                "worlds in which something was violated": broken,
                "records sent by publishers": f"{totals.records:,}",
                "requests at which a fault could happen": f"{totals.requests:,}",
                "hours of simulated time": f"{totals.seconds / 3600:,.0f}",
                "events overtaken before they went out, by design": f"{totals.overtaken:,}",
                "seconds of a processor": f"{cpu_seconds:,.0f}",
                "milliseconds of it for a world": f"{cpu_seconds / max(totals.worlds, 1) * 1000:.0f}",
                "machine": f"{os.cpu_count()} processors, Python {platform.python_version()}",
            },
        ),
        "",
        *_table(("fault", "times"), {kind.value: f"{totals.faults[kind.value]:,}" for kind in FaultKind}),
        "",
        *_table(("command of an operator", "times"), {name: f"{n:,}" for name, n in sorted(totals.commands.items())}),
        "",
        "## Planted bugs",
        "",
        "| bug | found in | first seed | how it shows |",
        "|---|---|---|---|",
        *[
            f"| {each.bug} | {len(each.found)} of {each.seeds} seeds | {min(each.found, default='-')} "
            f"| {'; '.join(each.violations)} |"
            for each in found
        ],
        "",
    ]
    return "\n".join(lines)


def _table(head: tuple[str, str], rows: Mapping[str, str]) -> list[str]:
    return [f"| {head[0]} | {head[1]} |", "|---|---|", *[f"| {name} | {value} |" for name, value in rows.items()]]
