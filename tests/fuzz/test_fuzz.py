"""A short run of the fuzzer finds nothing in our code, and finds each bug that is planted. Findings stay mended."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

RUNS = 600
"""Some seconds. `make fuzz` tries more."""

MOST_RUNS = 10_000
"""A planted bug is found within a twentieth of this."""

FINDINGS = sorted(Path(__file__).with_name("findings").glob("*.json"))
PLANTED = ("own-failure", "value-in-the-log", "value-in-a-dead-letter")


def _fuzz(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    done = _fuzz("tests.fuzz.run", "--runs", str(RUNS), "--folder", str(tmp_path), "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert f"{RUNS} inputs" in done.stdout
    assert "dead letters" in done.stdout
    assert "events held against their JSON Schema" in done.stdout


@pytest.fixture(scope="module")
def found_planted(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The inputs at which planted bugs were found."""
    home = tmp_path_factory.mktemp("planted")
    for bug in PLANTED:
        folder = home / bug
        done = _fuzz("tests.fuzz.planted", bug, "--runs", str(MOST_RUNS), "--folder", str(folder), "--seed", "1")
        assert done.returncode != 0, bug
    return sorted(home.glob("*/crash-*"))


def test_it_finds_each_planted_bug(found_planted: Sequence[Path]) -> None:
    assert [each.parent.name for each in found_planted] == sorted(PLANTED)


def test_without_a_planted_bug_nothing_is_wrong_with_what_it_found_now_or_once(found_planted: Sequence[Path]) -> None:
    assert FINDINGS
    files = [*FINDINGS, *found_planted]
    done = _fuzz("tests.fuzz.run", *map(str, files))
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"{len(files)} inputs" in done.stdout
