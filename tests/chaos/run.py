"""`make chaos`: the system under fire, and a report of what became of it.

By itself it does everything that `counts.py` asks, in some rounds. `KINDS`, `MINUTES` or `VERSIONS` make one run
of their own: `KINDS` names kinds of faults, separated by commas, `MINUTES` says how long they are injected, and
`VERSIONS` runs once on each version of Kafka. `SEED` repeats a schedule. Each run leaves a file in `.chaos`, and the
report is made of all files there: `FRESH=1` begins with none.
"""

import argparse
import secrets
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.runtime.ending import ended_like_interrupted
from tests.chaos.counts import OF_MACHINE, OF_NETWORK, OF_SERVERS, OF_SERVICES, still_lacking
from tests.chaos.driver import Orders, run
from tests.chaos.faults import KINDS
from tests.chaos.kafka_cluster import VERSION
from tests.chaos.plan import chosen
from tests.chaos.report import PAGE, page
from tests.chaos.told import RUNS, Told, counts_of, keep, kept, told
from tests.support.files_in_memory import keep_files_in_memory

MINUTES: Final = 2.0
SEEDS: Final = 10_000


@dataclass(frozen=True)
class Round:
    """One run of the whole."""

    kinds: Sequence[str]
    asked: Mapping[str, int]
    """What has to be done in this round and those before. Then it ends."""
    minutes: float
    """The longest time; what is not reached by then, the report shows."""
    version: str = VERSION


ROUNDS: Final = (
    Round(["processes", "kafka", "mongo"], OF_SERVERS, minutes=10.0),
    Round(["processes", "network"], {**OF_SERVICES, **OF_NETWORK}, minutes=6.0),
    Round(["disk", "clock", "memory"], OF_MACHINE, minutes=4.0),
)
"""25 minutes together at most, with their starts and checks."""


def main(arguments: Sequence[str]) -> int:
    """Run, and write the report. Return 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--kinds", help=f"some of {', '.join(KINDS)}; all at once unless told otherwise")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(SEEDS))
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--versions", help="of Kafka")
    parser.add_argument("--fresh", action="store_true", help="forget the runs before")
    parsed = parser.parse_args(arguments)
    names: list[str] = (parsed.kinds or ",".join(KINDS)).split(",")
    if unknown := set(names) - set(KINDS):
        parser.error(f"{', '.join(sorted(unknown))}: no such kind; there are {', '.join(KINDS)}")
    keep_files_in_memory()
    if parsed.fresh:
        for each in RUNS.glob("*.json"):
            each.unlink()
    if parsed.kinds or parsed.minutes or parsed.versions:
        versions: list[str] = (parsed.versions or VERSION).split(",")
        rounds = [Round(names, {}, parsed.minutes or MINUTES, each) for each in versions]
    else:
        rounds = list(ROUNDS)
    commit = _commit()  # before a report changes the tree
    runs: list[Told] = []
    for each_round in rounds:
        try:
            runs.append(_run(each_round, parsed.seed, still_lacking(each_round.asked, counts_of(runs)), commit))
        except Exception:  # noqa: BLE001 - the other rounds still show what they show
            _say(f"This run did not come to its end:\n{traceback.format_exc()}")
        PAGE.write_text(page(kept()), encoding="utf-8")
    _say(f"{PAGE} has the report of all runs in {RUNS}.")
    return 0 if len(runs) == len(rounds) and _is_right(rounds, runs) else 1


def _is_right(rounds: Sequence[Round], runs: Sequence[Told]) -> bool:
    missing = still_lacking({what: times for each in rounds for what, times in each.asked.items()}, counts_of(runs))
    for what, times in missing.items():
        _say(f"Not done often enough: {what}, {times} times fewer than asked.")
    return not missing and not any(each.violations for each in runs)


def _run(orders: Round, seed: int, enough: Mapping[str, int], commit: str) -> Told:
    kinds, lacking = chosen(KINDS, orders.kinds)
    command = f"make chaos SEED={seed} KINDS={','.join(orders.kinds)} MINUTES={orders.minutes:g}"
    if orders.version != VERSION:
        command += f" VERSIONS={orders.version}"
    _say(f"Seed {seed}: `{command}` repeats this schedule.")
    for kind, reason in lacking.items():
        _say(f"Left out: {kind}, since {reason}.")
    began = datetime.now(UTC)
    outcome = run(Orders(seed=seed, kinds=kinds, minutes=orders.minutes, version=orders.version, enough=enough), _say)
    done = told(
        outcome,
        command=command,
        seed=seed,
        kinds=orders.kinds,
        minutes=orders.minutes,
        began=f"{began:%Y-%m-%dT%H:%M:%S}",
        commit=commit,
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
