"""The demo: every scenario of the standard goes through the whole system; the stored result stands beside the expected.

Forms of Open Forms go through the intake and the mapper beside them. Everything of ours runs as `klantcontact …`, as a
user would start it.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from rich.console import Console
from rich.table import Table

from services.local.channel_samples import ChannelSample, channel_samples, send_samples, wait_until_right
from services.local.open_klant import (
    Beside,
    close_a_taak,
    compared,
    has_no_difference,
    open_klant_beside,
    until_equal,
)
from services.local.scenarios import CheckedContact, Scenario, Uitkomst, count_refused, load_scenarios, verify
from services.local.servers.errors import StartFailed
from services.local.system import System, running_system
from services.runtime.settings import Settings

STORED_SECONDS: Final = 45.0
"""Patience with the last event; an idle machine stores all within two seconds."""

LOOK_SECONDS: Final = 0.3

FORMS: Final = "open-forms"

COLLECTIONS: Final = ("klantcontacten", "partijen", "interne_taken")

COLUMNS: Final = (
    ("scenario", 8),
    ("", 22),
    ("rule", 7),
    ("kc", 6),
    ("taak", 6),
    ("partij", 14),
    ("", 5),
)
"""The columns of the table and their widths in characters: together they fit a terminal of 80."""

PARTITIONS: Final = 4
"""Enough to show that partitions are handled side by side; each costs the start of a producer."""


def run(*, openklant: bool = False) -> int:
    """Run the demo and return the exit status of the command: 0 when every scenario is right.

    `openklant`: with an Open Klant beside it, which must end equal.
    """
    screen, scenarios = Console(), load_scenarios()
    settings = Settings(topic_partitions=PARTITIONS, kanalen_file=None)  # it makes channels of its own
    started, is_equal = time.monotonic(), True
    with tempfile.TemporaryDirectory(prefix="klantcontact-demo-") as folder, ExitStack() as running:
        screen.print("Starting Kafka, MongoDB and the services …")
        beside = running.enter_context(open_klant_beside(Path(folder))) if openklant else None
        settings = beside.settings(settings, scenarios) if beside else settings
        system = running.enter_context(
            running_system(settings, folder=Path(folder), say=screen.print, with_channels=True)
        )
        screen.print(f"Runs on {system.stack.kafka_kind} and {system.stack.mongo_kind}.")
        _publish(scenarios, system)
        forms = list(channel_samples(FORMS))
        send_samples(forms, system)
        rows, counts = _wait_until_stored(scenarios, system)
        wrong_forms = wait_until_right(forms, system, seconds=STORED_SECONDS)
        if beside:
            is_equal = _show_open_klant(screen, system, beside)
    status = _report(screen, scenarios, rows, counts, forms, wrong_forms, time.monotonic() - started)
    return status if is_equal else 1


def _show_open_klant(screen: Console, system: System, beside: Beside) -> bool:
    """Show what stands here and in Open Klant, and return whether the two are equal."""
    found = until_equal(system)
    table = Table("in Open Klant", "ours", "theirs", "equal", box=None, pad_edge=False)
    rows = compared(system, beside)
    for name, ours, theirs in rows:
        table.add_row(name, str(ours), str(theirs), "[green]yes[/green]" if ours == theirs else "[red]NO[/red]")
    screen.print(table)
    differences = sum(sum(counts.values()) for counts in found.get("differences", {}).values())
    screen.print(
        f"bridge reconcile: {differences} differences, {len(found.get('refused', {}))} refused", soft_wrap=True
    )
    is_closed = close_a_taak(system, beside)
    screen.print(f"A taak that was closed there is closed here: {'yes' if is_closed else '[red]NO[/red]'}")
    return has_no_difference(found) and not found.get("refused") and is_closed


def _publish(scenarios: Sequence[Scenario], system: System) -> None:
    # One key a scenario: the contacts of its klanten have to be judged in order.
    lines = [
        json.dumps({**event, "partitionkey": scenario.id})
        for scenario in scenarios
        for event in scenario.gebeurtenissen
    ]
    file = system.home / "scenarios.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    sent = system.run("publish", str(file))
    if sent.returncode:
        raise StartFailed(f"The events could not be sent: {sent.stdout}{sent.stderr}")


def _wait_until_stored(scenarios: Sequence[Scenario], system: System) -> tuple[list[CheckedContact], dict[str, int]]:
    deadline = time.monotonic() + STORED_SECONDS
    with MongoClient[dict[str, Any]](system.stack.mongo_uri) as client:
        register, projection = client[system.settings.register_database], client[system.settings.mongo_database]
        while True:
            rows = verify(scenarios, register, projection)
            if all(row.is_right for row in rows) or time.monotonic() > deadline:
                counts = {name: projection[name].count_documents({}) for name in COLLECTIONS}
                counts["besluiten"] = register["besluiten"].count_documents({})
                return rows, {**counts, "dead letters": system.count_dead_letters()}
            time.sleep(LOOK_SECONDS)


def _report(
    screen: Console,
    scenarios: Sequence[Scenario],
    rows: Sequence[CheckedContact],
    counts: dict[str, int],
    forms: Sequence[ChannelSample],
    wrong_forms: Sequence[str],
    seconds: float,
) -> int:
    screen.print("The scenarios of the standard, as they stand in MongoDB")
    table = Table(*(name for name, _ in COLUMNS), box=None, pad_edge=False)
    for scenario in scenarios:
        table.add_row(*_cells(scenario, [row for row in rows if row.scenario == scenario.id]))
    screen.print(table)
    for row in rows:
        if not row.is_right:
            screen.print(
                f"[red]WRONG[/red] {row.contact_id}: expected {_brief(row.expected)}; stored {_brief(row.found)}"
            )
    screen.print("kc: a klantcontact is registered; taak: an interne taak stands open.")
    screen.print("   ".join(f"{name} {count}" for name, count in counts.items()), soft_wrap=True)
    screen.print(_told_of(forms, wrong_forms), soft_wrap=True)
    wrong = sum(not row.is_right for row in rows)
    refused = count_refused(scenarios)
    all_right = not wrong and not wrong_forms and counts["dead letters"] == refused
    verdict = "[green]all right[/green]" if all_right else f"[red]{wrong + len(wrong_forms)} wrong[/red]"
    screen.print(
        f"{len(scenarios)} scenarios, {len(rows)} contacts: {verdict}; "
        f"{counts['dead letters']} of {refused} invalid events among the dead letters; {seconds:.0f} s",
        soft_wrap=True,
    )
    return 0 if all_right else 1


def _told_of(forms: Sequence[ChannelSample], wrong: Sequence[str]) -> str:
    counts = [sum(len(each.of_kind(kind)) for each in forms) for kind in ("event", "overgeslagen", "geweigerd")]
    verdict = f"[red]WRONG[/red]: {', '.join(wrong)}" if wrong else "[green]right[/green]"
    return "{} forms of Open Forms over HTTP: {} events, {} skipped, {} refused: {}".format(
        sum(len(each.messages) for each in forms), *counts, verdict
    )


def _cells(scenario: Scenario, rows: Sequence[CheckedContact]) -> list[str]:
    verdict = "[green]right[/green]" if all(row.is_right for row in rows) else "[red]WRONG[/red]"
    outcomes = [outcome for row in rows for outcome in row.found]

    def told(name: str) -> str:
        return "/".join(dict.fromkeys(_word(outcome[name]) for outcome in outcomes))

    title = scenario.titel if len(rows) == 1 else f"({len(rows)} contacts) {scenario.titel}"
    shown = [scenario.id, title, *(told(name) for name in ("regel", "klantcontact", "interneTaak", "partij"))]
    return [*(_fitted(text, width) for text, (_, width) in zip(shown, COLUMNS, strict=False)), verdict]


def _fitted(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _brief(outcomes: Sequence[Uitkomst]) -> str:
    return "; ".join(" ".join(_word(value) for value in outcome.values()) for outcome in outcomes) or "nothing"
