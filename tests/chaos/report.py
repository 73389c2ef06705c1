"""The report: one table over all runs of a tree, from the files that the runs left."""

import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.chaos.driver import UNDISTURBED, Outcome
from tests.chaos.load import PER_SECOND
from tests.chaos.recovery import Struck
from tests.chaos.violations import CHECKS, Place

RUNS: Final = Path(".chaos")
PAGE: Final = Path(__file__).with_name("report.md")
ENDED: Final = (
    "Processes that ended without being asked to, and were started again (-9: the kernel killed it for want of memory):"
)
SHOWN: Final = ("lost", "doubled", "half")
"""The checks that the table by fault shows; the others stand once for each run."""


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


# The page -------------------------------------------------------------------------------------------------------------


def page(runs: Sequence[Told]) -> str:
    """Return the report of some runs."""
    parts = [
        _head(runs),
        _table_of_runs(runs),
        _table_of_checks(runs),
        _table_of_faults(runs),
        _versions(runs),
        _rest(runs),
    ]
    return "\n\n".join(parts) + "\n"


def _head(runs: Sequence[Told]) -> str:
    violations = sum(sum(run.checks.values()) for run in runs)
    contacts = sum(run.contacts for run in runs)
    faults = sum(of.injected for run in runs for name, of in run.faults.items() if name != UNDISTURBED)
    return (
        "# Chaos: nothing lost, nothing twice\n\n"
        f"`make chaos` wrote this page. {faults:,} faults, {contacts:,} records of `contact.ended`, "
        f"{violations:,} violations.\n\n"
        "Three brokers (replication 3, min.insync 2), a replica set of three mongods, two instances of each service. "
        f"{PER_SECOND} records a second: new contacts of 250 klanten whose consent changes, corrections, repeats, and "
        "one in ten that is broken. `tests/chaos/checker.py` compares the topics and collections with the dry run of "
        "all that Kafka holds."
    )


def _table_of_runs(runs: Sequence[Told]) -> str:
    rows = [
        (
            f"`{run.command}`",
            run.began,
            run.commit,
            run.kafka,
            run.mongodb,
            f"{run.acknowledged:,}",
            f"{run.events:,}",
            f"{run.letters:,}",
            f"{run.overtaken:,}",
            f"{sum(run.checks.values()):,}",
        )
        for run in runs
    ]
    head = ("repeat it", "began", "commit", "Kafka", "MongoDB", "acknowledged", "events", "letters", "overtaken")
    machines = sorted({run.machine for run in runs})
    return (
        f"## Runs\n\nOn {'; '.join(machines)}.\n\n{_table((*head, 'violations'), rows)}\n\n"
        "*Overtaken*: a revisie that a later one of the same contact replaced before it went out. That is by design "
        "(`docs/subscribe.md`)."
    )


def _table_of_checks(runs: Sequence[Told]) -> str:
    rows = [(check, f"{sum(run.checks.get(check, 0) for run in runs):,}") for check in CHECKS]
    return f"## Checks\n\n{_table(('check', 'found'), rows)}"


def _table_of_faults(runs: Sequence[Told]) -> str:
    merged: defaultdict[str, list[OfFault]] = defaultdict(list)
    for run in runs:
        for name, of in run.faults.items():
            merged[name].append(of)
    rows = [_row(name, each) for name, each in sorted(merged.items(), key=lambda item: (item[1][0].kind, item[0]))]
    head = ("kind", "fault", "injected", "contacts", *SHOWN, "recovery p50", "max")
    return (
        f"## Faults\n\n{_table(head, rows)}\n\n"
        "*Contacts*: those that Kafka acknowledged while a fault was felt. *Recovery*: from the end of the fault until "
        "contacts that are sent then, one to each partition, stand in MongoDB. A process that was killed starts within "
        "that time. Faults of different kinds overlap, so the time includes what else was broken. The row "
        f"*{UNDISTURBED}* shows the way of a contact before the first fault."
    )


def _row(name: str, of_runs: Sequence[OfFault]) -> tuple[str, ...]:
    times = [each for of in of_runs for each in of.recoveries]
    late = sum(of.not_recovered for of in of_runs)
    return (
        of_runs[0].kind,
        name,
        f"{sum(of.injected for of in of_runs):,}",
        f"{sum(of.contacts for of in of_runs):,}",
        *(f"{sum(of.violations.get(check, 0) for of in of_runs):,}" for check in SHOWN),
        f"{median(times):.1f} s" if times else "",
        f"never ({late})" if late else f"{max(times):.1f} s" if times else "",
    )


def _versions(runs: Sequence[Told]) -> str:
    tried: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    for run in runs:
        tried[run.kafka, run.mongodb].append(run)
    rows = [
        (
            kafka,
            mongodb,
            f"{sum(run.minutes for run in of):.0f}",
            f"{sum(run.contacts for run in of):,}",
            f"{sum(sum(run.checks.values()) for run in of):,}",
        )
        for (kafka, mongodb), of in sorted(tried.items())
    ]
    return (
        f"## Versions\n\n{_table(('Apache Kafka', 'MongoDB', 'minutes', 'records', 'violations'), rows)}\n\n"
        "`make chaos VERSIONS=4.0.2,4.2.2 MINUTES=2` tries versions of Kafka. `KLANTCONTACT_MONGOD` names another "
        "mongod than that of the wheel, which is the only one that the package registries have."
    )


def _rest(runs: Sequence[Told]) -> str:
    return "\n\n".join(part for part in ("## What else was seen", *_seen(runs)) if part)


def _seen(runs: Sequence[Told]) -> Iterator[str]:
    peaks: defaultdict[str, int] = defaultdict(int)
    for run in runs:
        for service, peak in run.peaks.items():
            peaks[service] = max(peaks[service], peak)
    yield _table(
        ("service", "most memory of an instance"), [(each, f"{at / 1e6:.0f} MB") for each, at in peaks.items()]
    )
    if any(run.unreplicated for run in runs):
        written, there = sum(run.unreplicated for run in runs), sum(run.kept for run in runs)
        yield f"A primary wrote {written} documents that no other member got. {there} of them were there in the end."
    ends = [f"- {name} {end}, {command}" for name, end, command in _ends(runs)]
    yield f"{ENDED}\n\n" + "\n".join(ends) if ends else ""
    lacking = {reason: kind for run in runs for kind, reason in run.lacking.items()}
    yield "\n".join(f"Left out: {kind}, since {reason}." for reason, kind in lacking.items())
    missed = [each for run in runs for each in run.not_injected]
    yield "Not injected:\n\n" + "\n".join(f"- {each}" for each in missed) if missed else ""
    violations = [f"- seed {run.seed}: {each}" for run in runs for each in run.violations]
    yield "Violations:\n\n" + "\n".join(violations) if violations else ""


def _ends(runs: Sequence[Told]) -> Iterator[tuple[str, str, str]]:
    """Yield how processes ended without being asked to, the same ends together."""
    for run in runs:
        for name, ends in run.ends.items():
            for end in dict.fromkeys(ends):
                times = ends.count(end)
                yield f"{name}:", end if times == 1 else f"{end} ({times} times)", f"seed {run.seed}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
