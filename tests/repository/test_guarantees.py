"""The page of guarantees names every fault and check of the two reports, and none that a report can't have."""

import re
from pathlib import Path

from tests.chaos.faults import KINDS
from tests.chaos.violations import CHECKS
from tests.simulate.faults import FaultKind
from tests.simulate.operators import Command
from tests.simulate.planted import PLANTED

PAGE = Path("docs/architecture/guarantees.md")
CHAOS = Path("tests/chaos/report.md")
SIMULATION = Path("tests/simulate/report.md")


def table(page: Path, head: str) -> list[list[str]]:
    """Return the rows of the table whose head begins so."""
    text = page.read_text(encoding="utf-8")
    lines = text[text.index(f"\n| {head} |") :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[3:]]


def named(cells: list[str]) -> set[str]:
    return {name for cell in cells for name in re.findall("`([^`]+)`", cell)}


def test_the_page_names_every_kind_of_fault_that_make_chaos_injects() -> None:
    on_page = named([kinds for _, _, kinds, _ in table(PAGE, "faults | promises | kinds in the chaos report")])
    assert on_page == KINDS.keys()
    assert {kind for kind, *_ in table(CHAOS, "kind | fault")} - {"nothing"} <= on_page


def test_the_page_names_every_check_of_make_chaos() -> None:
    on_page = named([checks for checks, _ in table(PAGE, "its check | finds a breach of")])
    assert {*CHECKS, *(check for check, _ in table(CHAOS, "check | found"))} <= on_page


def test_the_page_names_every_fault_and_command_of_the_simulation_and_each_happened() -> None:
    on_page = named([rows for *_, rows in table(PAGE, "faults | promises | kinds in the chaos report")])
    assert on_page == {*FaultKind, *Command}
    happened = [*table(SIMULATION, "fault | times"), *table(SIMULATION, "command of an operator | times")]
    assert {name for name, times in happened if times != "0"} == on_page


def test_the_page_of_the_simulation_names_each_seed_that_violates_something() -> None:
    [violated] = [number for what, number in table(SIMULATION, "what | how many") if "was violated" in what]
    page = Path("docs/architecture/simulation.md").read_text(encoding="utf-8")
    seeds = violated.partition("seeds ")[2].split(", ") if violated != "0" else []
    assert [seed for seed in seeds if f"Seed {seed}:" not in page] == []


def test_the_simulation_found_every_planted_bug() -> None:
    found = {bug: seeds for bug, seeds, *_ in table(SIMULATION, "bug | found in")}
    assert found.keys() == PLANTED.keys()
    assert [bug for bug, seeds in found.items() if seeds.startswith("0 ")] == []
