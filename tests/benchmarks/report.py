"""What a run leaves: the tables on the screen, the JSON file and the page of results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks.contest import Results
from tests.benchmarks.figures import Figure, Run, of_runs
from tests.benchmarks.machine import Machine
from tests.benchmarks.options import Options
from tests.benchmarks.rows import Row, shown

WIDTH: Final = 150

FIGURES: Final[Mapping[str, Figure]] = {
    "events/s": lambda run: run.events_per_second,
    "CPU µs an event: process": lambda run: run.process_us,
    "Kafka": lambda run: run.kafka_us,
    "mongod": lambda run: run.mongod_us,
    "peak MB": lambda run: run.peak_mb,
}

MARKS: Final = {True: "reached", False: "missed", None: ""}


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that was measured, and on what."""

    commit: str
    began: datetime
    seconds: float
    machine: Machine
    servers: str
    options: Options
    sections: Mapping[str, Sequence[Row]]
    runs: Results

    @property
    def conditions(self) -> list[str]:
        """The conditions of the run, in sentences."""
        options = self.options
        batch = "batches as by default" if options.batch is None else f"batches of {options.batch}"
        return [
            f"{self.began:%Y-%m-%d %H:%M} UTC, commit {self.commit}, {self.seconds / 60:.0f} minutes.",
            f"{self.machine.cores} cores of {self.machine.processor}, {self.machine.memory_gb:.0f} GB.",
            f"{self.machine.system}.",
            f"{self.machine.python}, {self.machine.optimised}. {self.servers}.",
            f"{options.events:,} contacts like those of the scenarios, {options.partitions} partitions, {batch}.",
            f"{options.rounds} rounds in turn: the median, with the lowest and the highest beside it.",
        ]

    def show(self, console: Console) -> None:
        """Print both tables."""
        for line in self.conditions:
            console.print(line, highlight=False)
        console.print(_table(GOALS, self._goals()))
        console.print(_table(("", *FIGURES), self._runs()))

    def as_json(self) -> str:
        """Return all of it, every round included."""
        told: dict[str, Any] = {
            "commit": self.commit,
            "began": self.began.isoformat(),
            "seconds": round(self.seconds),
            "machine": self.machine.as_json(),
            "servers": self.servers,
            "options": asdict(self.options),
            "sections": {
                name: [{**asdict(row), "goal": row.goal, "met": row.met} for row in rows]
                for name, rows in self.sections.items()
            },
            "runs": {name: [asdict(run) for run in runs] for name, runs in self.runs.runs.items()},
            "not run": self.runs.missing,
        }
        return json.dumps(told, indent=1, ensure_ascii=False)

    def as_page(self) -> str:
        """Return the page of results."""
        lines = [
            INTRODUCTION,
            *(f"- {line}" for line in self.conditions),
            "",
            *_markdown(GOALS, self._goals()),
            "",
            "The runs behind it, with the medians of their rounds:",
            "",
            *_markdown(("", *FIGURES), self._runs()),
            "",
            HOW,
        ]
        return "\n".join(lines) + "\n"

    def _goals(self) -> Iterator[Sequence[str]]:
        for rows in self.sections.values():
            for row in rows:
                yield (row.what, row.figure, row.spread, row.goal, MARKS[row.met], row.note)

    def _runs(self) -> Iterator[Sequence[str]]:
        for name, runs in self.runs.runs.items():
            yield (name, *(_median(runs, figure) for figure in FIGURES.values()))


INTRODUCTION: Final = """\
# What the benchmarks showed

Made by `make bench`, which writes this page anew. Every ratio is between runs that took turns on the same servers. The
processes, Kafka and MongoDB share the cores.
"""

HOW: Final = """\
To repeat it: `make bench`, or a part of it with `make bench ONLY=classifier,projector`, which leaves this page as it
is. `KLANTCONTACT_BENCH_ROUNDS=3` and `KLANTCONTACT_BENCH_EVENTS=10000` make it shorter. `tests/benchmarks/sections.py`
has the rows, and the JSON file that the run names has every round."""

GOALS: Final = ("", "median", "lowest – highest", "goal", "", "note")


def write(report: Report, *, json_file: Path, page: Path | None) -> None:
    """Write the JSON file and, when all was measured, the page."""
    json_file.parent.mkdir(exist_ok=True)
    json_file.write_text(report.as_json(), encoding="utf-8")
    if page is not None:
        page.write_text(report.as_page(), encoding="utf-8")


def _median(runs: Sequence[Run], figure: Figure) -> str:
    return shown(of_runs(runs, figure).median)


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> Table:
    table = Table()
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if 0 < number < len(columns) - 1 else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield "| " + " | ".join(each.replace("|", "/") for each in row) + " |"
