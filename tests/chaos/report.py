"""The report: one table over all runs of a tree, from the files that the runs left."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.chaos.counts import ASKED
from tests.chaos.driver import UNDISTURBED
from tests.chaos.load import PER_SECOND
from tests.chaos.told import SHOWN, OfFault, Told, counts_of
from tests.chaos.violations import CHECKS

PAGE: Final = Path(__file__).with_name("report.md")

ENDED: Final = (
    "Processes that ended without being asked to, and were started again (-9: the kernel killed it for want of memory):"
)


def page(runs: Sequence[Told]) -> str:
    """Return the report of some runs."""
    parts = [
        _head(runs),
        _table_of_runs(runs),
        _table_of_checks(runs),
        _table_of_counts(runs),
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
        "one in ten that is broken. Beside them a platform sends messages of a channel to the intake, each until it is "
        "answered 2xx. `tests/chaos/checker.py` compares the topics and collections with the dry run of all that Kafka "
        "holds, `tests/chaos/mapped.py` what became of the messages with their mapping."
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


def _table_of_counts(runs: Sequence[Told]) -> str:
    reached = counts_of(runs)
    rows = [(what, f"{times:,}", f"{reached[what]:,}") for what, times in ASKED.items()]
    return (
        f"## Counts\n\n{_table(('what', 'asked', 'reached'), rows)}\n\n"
        "A kill is one of a process: some faults kill several at once."
    )


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
            f"{sum(run.minutes for run in of):g}",
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
    yield _processes(runs)
    if written := sum(run.unreplicated for run in runs):
        there = sum(run.kept for run in runs)
        yield f"A primary wrote {written} documents that no other member got. {there} of them were there in the end."
    yield _listed(ENDED, [f"{name} {end}, {command}" for name, end, command in _ends(runs)])
    lacking = {f"{kind}, since {reason}." for run in runs for kind, reason in run.lacking.items()}
    yield _listed("Left out:", sorted(lacking))
    yield _listed("Not injected:", [each for run in runs for each in run.not_injected])
    yield _listed("Violations:", [f"seed {run.seed}: {each}" for run in runs for each in run.violations])


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, "", *(f"- {each}" for each in lines)]) if lines else ""


def _processes(runs: Sequence[Told]) -> str:
    kills: Counter[str] = Counter()
    peaks: defaultdict[str, int] = defaultdict(int)
    for run in runs:
        for name, times in run.kills.items():
            kills[name.rpartition("-")[0]] += times
        for service, peak in run.peaks.items():
            peaks[service] = max(peaks[service], peak)
    rows = [(each, f"{times:,}", f"{peaks[each] / 1e6:.0f} MB" if peaks[each] else "") for each, times in kills.items()]
    return _table(("process", "killed by us", "most memory of an instance"), rows)


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
