"""The report puts the runs together: a row a fault over all of them, and nothing that is wrong is left out."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.checker import Result
from tests.chaos.driver import Outcome
from tests.chaos.load import Acknowledged
from tests.chaos.recovery import Struck
from tests.chaos.report import page
from tests.chaos.told import Told, keep, kept, told
from tests.chaos.violations import Violation

STRUCK = [
    Struck("kafka", "broker killed", "kafka-1", began=10, ended=11, recovered=13),
    Struck("kafka", "broker killed", "kafka-2", began=20, ended=21, recovered=27),
    Struck("mongo", "mongod killed", "mongod-2", began=26, ended=28, recovered=None),
]
OUTCOME = Outcome(
    result=Result(contacts=4, events=9, letters=1, overtaken=2, violations=[Violation("lost", "a contact", (0, 2))]),
    struck=STRUCK,
    acknowledged=[Acknowledged(0, offset, b"", at) for offset, at in enumerate((5.0, 12.0, 22.0, 26.5))],
    kafka="4.3.1",
    mongodb="6.0.5",
    peaks={"classifier": 90_000_000},
    kills={"kafka-1": 3, "kafka-3": 4, "classifier-1": 5},
    ends={"kafka-3": ["exit status 1", "exit status 1"]},
    not_injected=[],
    unreplicated=3,
    kept=0,
)


def _told(outcome: Outcome = OUTCOME) -> Told:
    return told(
        outcome,
        command="make chaos SEED=1",
        seed=1,
        kinds=["kafka", "mongo"],
        minutes=1.0,
        began="2026-11-30T10:00",
        commit="abc",
        lacking={"disk": "only root may"},
    )


def test_a_fault_has_the_contacts_and_violations_of_while_it_was_felt() -> None:
    of = _told().faults["broker killed"]
    assert (of.injected, of.contacts, of.violations, of.recoveries) == (2, 3, {"lost": 1}, [2, 6])
    assert _told().faults["mongod killed"].not_recovered == 1


def test_the_page_has_one_row_for_a_fault_of_two_runs() -> None:
    text = page([_told(), _told()])
    assert "| kafka | broker killed | 4 | 6 | 2 | 0 | 0 | 4.0 s | 6.0 s |" in text
    assert "| mongo | mongod killed | 2 | 2 | 0 | 0 | 0 |  | never (2) |" in text


def test_the_page_names_what_was_wrong_and_what_was_left_out() -> None:
    text = page([_told()])
    assert "- seed 1: lost: a contact" in text
    assert "| kafka | 7 |  |" in text
    assert "| kafka killed | 50 | 7 |" in text
    assert "| classifier | 5 | 90 MB |" in text
    assert "- kafka-3: exit status 1 (2 times), seed 1" in text
    assert "Left out:\n\n- disk, since only root may." in text
    assert "A primary wrote 3 documents that no other member got. 0 of them were there in the end." in text


def test_what_is_right_is_not_told_as_wrong() -> None:
    right = replace(OUTCOME, result=Result(contacts=4), ends={}, unreplicated=0)
    text = page([_told(right)])
    assert "Violations:" not in text
    assert "without being asked" not in text


def test_a_run_is_read_as_it_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.chaos.told.RUNS", tmp_path / "runs")
    run = _told()
    keep(run)
    assert kept() == [run]
