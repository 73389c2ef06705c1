"""`make chaos`: the system under fire, and a report of what became of it.

`KINDS` names kinds of faults, separated by commas; `SEED` repeats a run; `MINUTES` says how long faults are injected.
`VERSIONS` runs once on each version of Kafka. Each run leaves a file in `.chaos`, and the report is made of all files
there: `FRESH=1` begins with none.
"""

import argparse
import secrets
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.runtime.ending import ended_like_interrupted
from tests.chaos.driver import Orders, run
from tests.chaos.faults import KINDS
from tests.chaos.kafka_cluster import VERSION
from tests.chaos.plan import chosen
from tests.chaos.report import PAGE, RUNS, Told, keep, kept, page, told
from tests.support.files_in_memory import keep_files_in_memory

MINUTES: Final = 20.0
SEEDS: Final = 10_000


def main(arguments: Sequence[str]) -> int:
    """Run, and write the report. Return 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(SEEDS))
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--versions", default=VERSION, help="of Kafka")
    parser.add_argument("--fresh", action="store_true", help="forget the runs before")
    parsed = parser.parse_args(arguments)
    names: list[str] = parsed.kinds.split(",")
    if unknown := set(names) - set(KINDS):
        parser.error(f"{', '.join(sorted(unknown))}: no such kind; there are {', '.join(KINDS)}")
    keep_files_in_memory()
    if parsed.fresh:
        for each in RUNS.glob("*.json"):
            each.unlink()
    runs = [_run(parsed.seed, names, parsed.minutes, version) for version in parsed.versions.split(",")]
    PAGE.write_text(page(kept()), encoding="utf-8")
    _say(f"{PAGE} has the report of all runs in {RUNS}.")
    return 1 if any(each.violations for each in runs) else 0


def _run(seed: int, names: Sequence[str], minutes: float, version: str) -> Told:
    kinds, lacking = chosen(KINDS, names)
    command = f"make chaos SEED={seed} KINDS={','.join(names)} MINUTES={minutes:g}"
    if version != VERSION:
        command += f" VERSIONS={version}"
    _say(f"Seed {seed}: `{command}` repeats this schedule.")
    for kind, reason in lacking.items():
        _say(f"Left out: {kind}, since {reason}.")
    began = datetime.now(UTC)
    outcome = run(Orders(seed=seed, kinds=kinds, minutes=minutes, version=version), _say)
    done = told(
        outcome,
        command=command,
        seed=seed,
        kinds=names,
        minutes=minutes,
        began=f"{began:%Y-%m-%dT%H:%M}",
        commit=_commit(),
        lacking=lacking,
    )
    keep(done)
    for each in done.violations:
        _say(each)
    _say(f"{done.contacts:,} records, {done.events:,} events, {len(done.violations):,} violations.")
    return done


def _commit() -> str:
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],  # noqa: S607 - from PATH
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.strip()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with ended_like_interrupted():
        raise SystemExit(main(sys.argv[1:]))
