"""A short run of the simulation, and proof that it finds what it is there for."""

import os
import subprocess
import sys
from itertools import count
from typing import Final

import pytest

from tests.simulate.plan import plan_of
from tests.simulate.planted import PLANTED
from tests.simulate.shrink import shrunk
from tests.simulate.simulation import simulate

SEEDS: Final = range(100_000, 100_020)
"""Others than those of `make simulate`."""

MOST_SEEDS: Final = 60
"""From seed 0 on, until a planted bug shows."""

NOT_SEEN: Final = "withdrawal not repeated"
"""No seed that was tried has found it yet: a correction has to be recorded and overtaken before it goes out."""

SEEN: Final = [name for name in PLANTED if name != NOT_SEEN]


def test_nothing_is_lost_doubled_or_out_of_order_whatever_happens() -> None:
    assert {seed: violations for seed in SEEDS if (violations := simulate(plan_of(seed)).world.violations)} == {}


@pytest.mark.parametrize("bug", SEEN)
def test_a_planted_bug_is_found_within_a_few_seeds(bug: str) -> None:
    with PLANTED[bug]():
        assert any(simulate(plan_of(seed)).world.violations for seed in range(MOST_SEEDS))


def test_a_seed_leads_to_the_same_world_in_another_process() -> None:
    script = "from tests.simulate.run import _repeat; _repeat(7)"
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    runs = [
        subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True) for _ in "ab"
    ]
    assert runs[0].stdout == runs[1].stdout


def test_a_failing_plan_is_shrunk_to_what_makes_it_fail() -> None:
    with PLANTED["number block reused after a crash"]():
        failing = next(plan for seed in count() if simulate(plan := plan_of(seed)).world.violations)
        smallest = shrunk(failing)
    assert len(smallest.sent) < len(failing.sent)
    assert len(smallest.faults) <= 1
