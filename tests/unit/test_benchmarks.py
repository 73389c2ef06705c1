"""The parts of the benchmarks that need no server: what they make of the figures."""

import math
import os
import time
from collections.abc import Mapping

import pytest

from tests.benchmarks.figures import PROCESS, Run, Spread, in_turn, of_pairs, of_runs
from tests.benchmarks.machine import optimisation
from tests.benchmarks.options import Options
from tests.benchmarks.processes import cpu_seconds, peak_mb


def _run(events: int, seconds: float, cpu: Mapping[str, float] | None = None) -> Run:
    return Run(name="x", events=events, seconds=seconds, cpu_seconds=cpu or {}, peak_mb=100)


def _speed(run: Run) -> float:
    return run.events_per_second


def test_a_run_tells_its_speed_and_its_cpu_an_event() -> None:
    run = _run(2000, 4, {PROCESS: 0.5, "kafka": 0.1, "mongod": 0.2})
    assert run.events_per_second == 500
    assert [run.process_us, run.kafka_us, run.mongod_us] == pytest.approx([250, 50, 100])
    assert run.system_us == pytest.approx(400)


def test_the_cpu_of_a_server_that_is_not_ours_is_unknown_and_so_is_that_of_all() -> None:
    run = _run(2000, 4, {PROCESS: 0.5})
    assert run.process_us == pytest.approx(250)
    assert math.isnan(run.mongod_us)
    assert math.isnan(run.system_us)


def test_rounds_show_their_median_and_their_spread() -> None:
    runs = [_run(events, 1) for events in (300, 100, 900, 200, 250)]
    assert of_runs(runs, _speed) == Spread(250, 100, 900)


def test_ratios_are_taken_round_by_round() -> None:
    ours = [_run(200, 1), _run(50, 1), _run(300, 1)]
    theirs = [_run(100, 1), _run(100, 1), _run(100, 1)]
    assert of_pairs(ours, theirs, _speed) == Spread(2.0, 0.5, 3.0)


def test_a_round_that_one_of_two_missed_is_a_fault() -> None:
    with pytest.raises(ValueError, match="shorter"):
        of_pairs([_run(1, 1), _run(1, 1)], [_run(1, 1)], _speed)


def test_each_takes_its_turn_and_no_place_in_a_round_is_its_own() -> None:
    assert list(in_turn(["a", "b", "c"], 3)) == ["a", "b", "c", "c", "b", "a", "a", "b", "c"]


def test_the_environment_changes_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVENTS", "ROUNDS", "BATCH", "PARTITIONS"):
        monkeypatch.delenv(f"KLANTCONTACT_BENCH_{name}", raising=False)
    assert Options.from_environment(events=10, rounds=5) == Options(events=10, rounds=5)
    assert Options(events=10, rounds=5).settings == {}
    monkeypatch.setenv("KLANTCONTACT_BENCH_ROUNDS", "2")
    monkeypatch.setenv("KLANTCONTACT_BENCH_BATCH", "250")
    changed = Options.from_environment(events=10, rounds=5)
    assert changed == Options(events=10, rounds=2, batch=250)
    assert changed.settings == {"batch_size": 250}


@pytest.mark.parametrize(
    ("configured", "prefix", "told"),
    [
        ("'--enable-optimizations' '--with-lto'", "/usr/local", "with PGO and LTO"),
        ("'--enable-optimizations'", "/usr/local", "with PGO"),
        ("'--enable-shared'", "/opt/python", "without PGO"),
        ("'--enable-shared'", "/usr", "of the distribution, which builds it with PGO and does not say so"),
    ],
)
def test_the_machine_tells_how_its_python_was_built(configured: str, prefix: str, told: str) -> None:
    assert optimisation(configured, prefix) == told


def test_linux_counts_the_cpu_and_the_memory_of_a_process() -> None:
    before, end = cpu_seconds(os.getpid()), time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert 0.03 <= cpu_seconds(os.getpid()) - before <= 1
    assert 10 < peak_mb(os.getpid()) < 10_000
