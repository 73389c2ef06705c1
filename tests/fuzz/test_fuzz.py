"""A short run of the fuzzer finds nothing in our code, and finds each bug that is planted. Findings stay mended."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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


def test_it_finds_each_planted_bug_and_it_is_that_bug(tmp_path: Path) -> None:
    for bug in PLANTED:
        folder = tmp_path / bug
        done = _fuzz("tests.fuzz.planted", bug, "--runs", str(MOST_RUNS), "--folder", str(folder), "--seed", "1")
        assert done.returncode != 0, bug
    found = sorted(tmp_path.glob("*/crash-*"))
    assert [each.parent.name for each in found] == sorted(PLANTED)
    _nothing_is_wrong_with(found)


def test_what_it_found_once_stays_mended() -> None:
    assert FINDINGS
    _nothing_is_wrong_with(FINDINGS)


def _nothing_is_wrong_with(files: Sequence[Path]) -> None:
    done = _fuzz("tests.fuzz.run", *map(str, files))
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"{len(files)} inputs" in done.stdout
