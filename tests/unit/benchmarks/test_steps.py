"""A profile: each stack counts for one step of a batch."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.benchmarks.steps import OF_SERVICE, REST, Profile, Step

STEPS = [("judge", ["services/domain/register.py"]), ("prepare", ["services/domain/case.py", "schemas/"])]


def test_a_stack_counts_for_the_step_of_its_innermost_known_frame() -> None:
    profile = Profile.of_lines(
        [
            "run (x.py:1);judge (services/domain/register.py:5);identifier (services/domain/ids.py:7) 5\n",
            "run (x.py:1);prepare (services/domain/case.py:5);identifier (services/domain/ids.py:7) 2\n",
            "run (x.py:1);judge (services/domain/register.py:5);check (schemas/values.py:7) 1\n",
            "run (x.py:1) 2\n",
        ]
    )
    assert profile.by_step(STEPS) == {"judge": 0.5, "prepare": 0.3, REST: 0.2}
    assert next(iter(profile.by_function().items())) == ("identifier (services/domain/ids.py:7)", 0.7)


def test_threads_that_wait_are_left_out_of_a_profile() -> None:
    judging = "run (x.py:1);judge (services/domain/register.py:5) 1"
    profile = Profile.of_lines(["Thread._bootstrap (threading.py:1);wait (threading.py:2) 50", judging])
    assert profile.by_step(STEPS) == {"judge": 1, "prepare": 0, REST: 0}


def test_a_profile_of_nothing_has_no_shares() -> None:
    assert Profile.of_lines([]).by_step(STEPS) == {}


@pytest.mark.parametrize("steps", OF_SERVICE.values(), ids=OF_SERVICE)
def test_the_files_of_every_step_exist(steps: Sequence[Step]) -> None:
    """A file that moves would make its step part of another."""
    ours = [each for _, files in steps for each in files if each.startswith(("services/", "schemas/"))]
    assert ours
    assert [each for each in ours if not Path(each).exists()] == []
