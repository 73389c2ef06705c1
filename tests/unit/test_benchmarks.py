"""The parts of the benchmarks that need no server: what they make of the figures."""

import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.contest import Contestant, NotRun, Results, contest
from tests.benchmarks.figures import PROCESS, Run, Spread, in_turn, of_pairs, of_runs
from tests.benchmarks.latency import percentile
from tests.benchmarks.machine import machine, optimisation
from tests.benchmarks.options import Options
from tests.benchmarks.processes import cpu_seconds, peak_mb
from tests.benchmarks.register import renewed
from tests.benchmarks.report import Report
from tests.benchmarks.rows import Row, plain, ratio, shown
from tests.benchmarks.sections import SECTIONS
from tests.benchmarks.steps import OF_SERVICE, REST, Profile, Step
from tests.benchmarks.trees import ROOT, Tree


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
    assert changed.settings == {"batch_size": 250, "projector_batch_size": 250}


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


# Contests and rows ----------------------------------------------------------------------------------------------------


def test_one_that_fails_is_out_with_its_reason_and_the_others_go_on() -> None:
    made: list[str] = []

    def fails(run: str) -> Mapping[str, Run]:
        if len(made) > 2:
            raise NotRun("there is no Java\nand more lines")
        return shows("b, first")(run)

    def shows(name: str) -> Contestant:
        def show(run: str) -> Mapping[str, Run]:
            made.append(run)
            return {name: _run(len(made), 1)}

        return show

    results = Results()
    contest({"a": shows("a"), "b": fails}, 3, results)
    assert results.missing == {"b": "there is no Java"}
    assert list(results.runs) == ["a"]
    assert len(results.runs["a"]) == 3
    assert len(made) == len(set(made))
    assert results.why_missing("b, first") == "there is no Java"


def test_a_row_of_a_peer_that_did_not_run_says_why() -> None:
    results = Results({"a": [_run(1, 1)]}, {"b": "there is no Java"})
    row = ratio(results, "a / b", "a", "b", _speed, at_least=2)
    assert (row.figure, row.goal, row.met, row.note) == ("not run", "≥ 2.00", None, "b: there is no Java")


@pytest.mark.parametrize(
    ("median", "at_least", "at_most", "met"),
    [
        (0.5, 0.5, None, True),
        (0.49, 0.5, None, False),
        (150, None, 150, True),
        (151, None, 150, False),
        (0.8, 0.9, 1.1, False),
        (1.2, 0.9, 1.1, False),
        (1.0, 0.9, 1.1, True),
        (7, None, None, None),
        (math.nan, 1, None, None),
        (math.inf, None, 50, False),
    ],
)
def test_a_row_reaches_its_goal_or_misses_it(
    median: float, at_least: float | None, at_most: float | None, met: object
) -> None:
    assert Row(what="x", value=Spread.of([median]), at_least=at_least, at_most=at_most).met is met


def test_numbers_have_the_digits_that_mean_something() -> None:
    assert [shown(each) for each in (0.4567, 9.99, 12.3, 12345.6, math.nan, math.inf)] == [
        "0.46",
        "9.99",
        "12",
        "12,346",
        "unknown",
        "never",
    ]


def test_every_section_makes_rows_of_the_runs_that_it_asks_for() -> None:
    streams = ("Kafka Streams, first", "Kafka Streams, warm")
    for section in SECTIONS.values():
        names = [part for name in section.contestants for part in (streams if name == "Kafka Streams" else (name,))]
        rows = section.rows(Results({name: [_run(10, 1, {PROCESS: 1})] for name in names}))
        assert rows
        assert [row.what for row in rows if row.value is None] == []


def test_a_report_shows_every_row_on_its_page_and_in_its_file() -> None:
    results = Results({"a": [_run(200, 1), _run(100, 1)]}, {"b": "there is no Java"})
    rows = [
        plain(results, "speed of a", "a", _speed, unit="/s", at_most=120),
        plain(results, "b", "b", _speed, unit=""),
    ]
    made = Report(
        commit="abc",
        began=datetime(2026, 11, 29, 20, tzinfo=UTC),
        seconds=600,
        machine=machine(),
        servers="Kafka and MongoDB",
        options=Options(events=10, rounds=2),
        sections={"one": rows},
        runs=results,
    )
    page = made.as_page()
    assert "| speed of a | 150/s | 100 – 200 | ≤ 120/s | missed |  |" in page
    assert "| b | not run |  |  |  | there is no Java |" in page
    assert "| a | 150 |" in page
    told = json.loads(made.as_json())
    assert [each["met"] for each in told["sections"]["one"]] == [False, None]
    assert len(told["runs"]["a"]) == 2
    assert told["not run"] == {"b": "there is no Java"}


# Parts of the other sections ------------------------------------------------------------------------------------------


def test_a_percentile_is_a_value_that_so_many_do_not_pass() -> None:
    values = [float(each) for each in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([3.0], 0.99) == 3


def test_what_never_came_counts_among_the_slowest() -> None:
    assert percentile([1.0, math.inf], 0.5) == 1
    assert percentile([1.0, math.inf], 0.99) == math.inf


def test_a_document_of_a_filled_register_has_the_form_of_a_real_one_and_ids_of_its_own() -> None:
    document: dict[str, Any] = {
        "_id": "8576cdb2-202e-548c-b1d2-74f75cdee799",
        "regel": "V4",
        "nummer": "12",
        "versie": 3,
        "sleutels": ["1:bsn:pQWY0lnQO3MJWt0bt9Xh_n6DeM_VfFjUPfgUMAoIBLA"],
        "partijen": [{"partijId": "8576cdb2-202e-548c-b1d2-74f75cdee799"}],
    }
    one, other = renewed(document, 1), renewed(document, 2)
    assert one["_id"] == one["partijen"][0]["partijId"] != other["_id"]
    assert (len(one["_id"]), one["regel"], one["versie"], one["nummer"]) == (36, "V4", 3, "112")
    assert one["sleutels"][0].startswith("1:bsn:")
    assert len(one["sleutels"][0]) == len(document["sleutels"][0])
    assert one["sleutels"] != other["sleutels"]


def test_a_tree_is_given_no_setting_that_it_does_not_know() -> None:
    settings = {"mongo_database": "x", "of_another_commit": 1}
    assert Tree("this", ROOT, sys.executable).environment(settings) == {"KLANTCONTACT_MONGO_DATABASE": "x"}


# Profiles -------------------------------------------------------------------------------------------------------------

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
