"""`make simulate`: thousands of worlds, each from a seed. A seed that fails is shrunk, and its trace is printed.

`make simulate` runs SEEDS worlds from 0 on, plants the bugs that it must find, and writes the report.
`make simulate SEED=17` repeats one.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Final, NamedTuple

from tests.simulate.plan import plan_of
from tests.simulate.planted import PLANTED
from tests.simulate.report import Found, Totals, report
from tests.simulate.shrink import shrunk
from tests.simulate.simulation import Simulation, simulate

SEEDS: Final = 10_000
SEEDS_OF_PLANTED: Final = 300
AT_ONCE: Final = 50
"""Seeds that one worker takes at a time."""

REPORT: Final = Path(__file__).parent / "report.md"


class Outcome(NamedTuple):
    """The outcome of one seed."""

    seed: int
    violations: Sequence[str]
    totals: Totals


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many worlds, from seed 0 on")
    parser.add_argument("--seed", type=int, help="repeat this one")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        sys.exit(repeat(chosen.seed))
    sys.exit(_run(chosen.seeds))


def repeat(seed: int) -> int:
    """Show one world, shrunk if it fails."""
    simulation = simulate(plan_of(seed))
    if simulation.world.violations:
        simulation = simulate(shrunk(simulation.plan))
    _print(_trace(simulation))
    return len(simulation.world.violations)


def _run(seeds: int) -> int:
    began = _cpu_seconds()
    totals, failed = Totals(), list[Outcome]()
    for outcome in outcomes(range(seeds)):
        totals += outcome.totals
        if outcome.violations:
            failed.append(outcome)
            _print(f"seed {outcome.seed}: {'; '.join(outcome.violations)}")
    cpu_seconds = _cpu_seconds() - began
    found = [_find(name) for name in PLANTED]
    text = report(totals, found, failed=[each.seed for each in failed], cpu_seconds=cpu_seconds)
    _print(text)
    if seeds >= SEEDS:
        REPORT.write_text(text)
    if failed:
        first = min(failed)
        _print(f"seed {first.seed}, shrunk:\n{_trace(simulate(shrunk(plan_of(first.seed))))}")
    return len(failed)


def outcomes(seeds: Iterable[int], planted: str | None = None) -> Iterator[Outcome]:
    """Yield the outcome of each seed, with a planted bug or without."""
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        numbers = list(seeds)
        parts = [numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE)]
        for part in workers.map(_outcomes, parts, [planted] * len(parts)):
            yield from part


def first_found(planted: str, seeds: Iterable[int]) -> int | None:
    """Return the first seed that finds a planted bug; None: none of them does."""
    return next((each for each in seeds if any(outcome.violations for outcome in _outcomes([each], planted))), None)


def _outcomes(seeds: Sequence[int], planted: str | None) -> list[Outcome]:
    with PLANTED[planted]() if planted is not None else nullcontext():
        return [_outcome(simulate(plan_of(seed))) for seed in seeds]


def _outcome(simulation: Simulation) -> Outcome:
    return Outcome(simulation.plan.seed, simulation.world.violations, Totals.of(simulation))


def _find(planted: str) -> Found:
    failed = [each for each in outcomes(range(SEEDS_OF_PLANTED), planted) if each.violations]
    texts = Counter(text for each in failed for text in each.violations)
    return Found(planted, SEEDS_OF_PLANTED, [each.seed for each in failed], [text for text, _ in texts.most_common(2)])


def _trace(simulation: Simulation) -> str:
    plan = simulation.plan
    sent = [f"{each.seconds:9.4f} {each.place.topic}-{each.place.partition} {each.data.key!r}" for each in plan.sent]
    return "\n".join(
        [
            f"{plan.classifiers} classifiers, {plan.projectors} projectors",
            *sent,
            *[f"fault at request {each.at}: {each.kind}" for each in plan.faults],
            *[f"{each.seconds:9.4f} {each.command}" for each in plan.asked],
            *simulation.world.trace,
        ]
    )


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of texts would differ from run to run.
        os.execve(  # noqa: S606 - ourselves
            sys.executable,
            [sys.executable, "-m", "tests.simulate.run", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    main()
