"""A short run of the simulation, and proof that it finds the bugs that are planted in it."""

import json
import os
import subprocess
import sys
from itertools import count
from typing import Any, Final

from tests.simulate.plan import plan_of
from tests.simulate.planted import PLANTED
from tests.simulate.shrink import shrunk
from tests.simulate.simulation import simulate

SEEDS: Final = (100_000, 100_030)
"""Others than those of `make simulate`."""

MOST_SEEDS: Final = 300
"""From seed 0 on, until a planted bug shows. The rarest one shows in one of forty."""


def test_nothing_is_lost_doubled_or_out_of_order_whatever_happens() -> None:
    script = "print({each.seed: each.violations for each in outcomes(range(*SEEDS)) if each.violations})"
    assert _run(f"SEEDS = {SEEDS}; {script}") == "{}"


def test_every_planted_bug_is_found_within_a_few_seeds() -> None:
    script = f"print(json.dumps({{bug: first_found(bug, range({MOST_SEEDS})) for bug in PLANTED}}))"
    found: dict[str, Any] = json.loads(_run(script))
    assert found.keys() == PLANTED.keys()
    assert [bug for bug, seed in found.items() if seed is None] == []


def test_a_seed_leads_to_the_same_world_in_another_process() -> None:
    others_first = "[simulate(plan_of(seed)) for seed in range(5)]"  # so that other things lie at other addresses
    assert _run("repeat(11)") == _run(f"{others_first}; repeat(11)")


def test_a_failing_plan_is_shrunk_to_what_makes_it_fail() -> None:
    with PLANTED["number block reused after a crash"]():
        failing = next(plan for seed in count() if simulate(plan := plan_of(seed)).world.violations)
        smallest = shrunk(failing)
    assert len(smallest.sent) < len(failing.sent)
    assert len(smallest.faults) <= 1


def _run(script: str) -> str:
    """Return the output of a script with the names of `run.py`, in a process in which a seed leads to the same world
    each time.
    """
    done = subprocess.run(
        [sys.executable, "-c", f"import json; from tests.simulate.run import *; {script}"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()
