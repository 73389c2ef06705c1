"""What the start of a command takes: all that a person waits for, and the CPU behind it."""

import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.local.sample import sample
from tests.benchmarks.figures import in_turn
from tests.benchmarks.rows import Row, of_values
from tests.benchmarks.trees import Tree

ROUNDS: Final = 11
WALL_SECONDS: Final = 0.25
CPU_SECONDS: Final = 0.4


def start_rows(tree: Tree, folder: Path) -> Sequence[Row]:
    """Return the rows of two commands. The first start of each does not count: it reads the files from the disk."""
    event = folder / "event.json"
    [line] = sample(1)
    event.write_text(json.dumps(json.loads(line)), encoding="utf-8")
    commands = {"--help": tree.command("--help"), "classify of one event": tree.command("classify", str(event))}
    took = defaultdict[str, list[tuple[float, float]]](list)
    for name in in_turn(list(commands), ROUNDS):
        took[name].append(_took(commands[name], tree.folder))
    rows: list[Row] = []
    for name, each in took.items():
        wall, cpu = zip(*each[1:], strict=True)
        rows += [
            of_values(f"start of {name}", wall, unit=" s", at_most=WALL_SECONDS),
            of_values(f"start of {name}: CPU", cpu, unit=" s", at_most=CPU_SECONDS),
        ]
    return rows


def _took(command: Sequence[str], folder: Path) -> tuple[float, float]:
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime
