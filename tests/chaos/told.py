"""What a run leaves for the report: a file in `.chaos`."""

import json
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.chaos.counts import counted
from tests.chaos.driver import Outcome
from tests.chaos.recovery import Struck
from tests.chaos.violations import CHECKS, Place

RUNS: Final = Path(".chaos")

SHOWN: Final = ("lost", "doubled", "half")
"""The checks that are told by fault; the others stand once for each run."""


@dataclass
class OfFault:
    """What one fault did in one run."""

    kind: str
    injected: int = 0
    contacts: int = 0
    """Acknowledged between the beginning of such a fault and the recovery from it."""
    violations: dict[str, int] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)
    not_recovered: int = 0


@dataclass
class Told:
    """One run, as its file has it."""

    command: str
    seed: int
    kinds: Sequence[str]
    minutes: float
    began: str
    commit: str
    machine: str
    kafka: str
    mongodb: str
    acknowledged: int
    contacts: int
    events: int
    letters: int
    overtaken: int
    checks: Mapping[str, int]
    violations: Sequence[str]
    faults: Mapping[str, OfFault]
    peaks: Mapping[str, int]
    kills: Mapping[str, int]
    ends: Mapping[str, Sequence[str]]
    lacking: Mapping[str, str]
    not_injected: Sequence[str]
    unreplicated: int
    kept: int


def told(outcome: Outcome, **of_run: Any) -> Told:  # noqa: ANN401 - the fields of the run itself
    """Return what the file of a run says."""
    result = outcome.result
    checks = dict.fromkeys(CHECKS, 0)
    for violation in result.violations:
        checks[violation.check] += 1
    return Told(
        **of_run,
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}",
        kafka=outcome.kafka,
        mongodb=outcome.mongodb,
        acknowledged=len(outcome.acknowledged),
        contacts=result.contacts,
        events=result.events,
        letters=result.letters,
        overtaken=result.overtaken,
        checks=checks,
        violations=[f"{each.check}: {each.what}" for each in result.violations],
        faults=_by_fault(outcome),
        peaks=outcome.peaks,
        kills=outcome.kills,
        ends=outcome.ends,
        not_injected=outcome.not_injected,
        unreplicated=outcome.unreplicated,
        kept=outcome.kept,
    )


def _by_fault(outcome: Outcome) -> dict[str, OfFault]:
    moments: dict[Place, float] = {(each.partition, each.offset): each.at for each in outcome.acknowledged}
    by_fault: defaultdict[str, list[Struck]] = defaultdict(list)
    for each in outcome.struck:
        by_fault[each.name].append(each)
    return {name: _of_fault(struck, outcome, moments) for name, struck in by_fault.items()}


def _of_fault(struck: Sequence[Struck], outcome: Outcome, moments: Mapping[Place, float]) -> OfFault:
    """Put together what happened while a fault was felt. Faults overlap, so sums count things twice."""
    of_fault = OfFault(struck[0].kind, len(struck))
    of_fault.contacts = sum(_is_felt(at, struck) for at in moments.values())
    for each in outcome.result.violations:
        if each.check in SHOWN and each.place is not None and _is_felt(moments.get(each.place, 0), struck):
            of_fault.violations[each.check] = of_fault.violations.get(each.check, 0) + 1
    of_fault.recoveries = [each.recovery_seconds for each in struck if each.recovery_seconds is not None]
    of_fault.not_recovered = sum(each.recovered is None for each in struck)
    return of_fault


def _is_felt(at: float, struck: Iterable[Struck]) -> bool:
    return any(each.began <= at and (each.recovered is None or at <= each.recovered) for each in struck)


def counts_of(runs: Iterable[Told]) -> Counter[str]:
    """Return how often runs did each thing that is counted."""
    counts = Counter[str]()
    for run in runs:
        counts += counted(run.kills, [(of.kind, name, of.injected) for name, of in run.faults.items()])
    return counts


# Files ----------------------------------------------------------------------------------------------------------------


def keep(run: Told) -> None:
    """Write the file of a run."""
    RUNS.mkdir(exist_ok=True)
    name = f"{run.began.replace(':', '')}-{run.seed}.json"
    (RUNS / name).write_text(json.dumps(asdict(run), indent=1), encoding="utf-8")


def kept() -> list[Told]:
    """Return all runs that left a file, oldest first."""
    runs = []
    for each in sorted(RUNS.glob("*.json")):
        document = json.loads(each.read_text(encoding="utf-8"))
        document["faults"] = {name: OfFault(**fault) for name, fault in document["faults"].items()}
        runs.append(Told(**document))
    return runs
