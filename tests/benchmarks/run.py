"""`make bench`: classifier and projector beside loops that decide nothing, in one run on one machine, as ratios.

KLANTCONTACT_BENCH_EVENTS and KLANTCONTACT_BENCH_BATCH change the size; the table is also written to a JSON file.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rich.console import Console
from rich.table import Table

from services.local.sample import scenario_like_events
from services.local.scenarios import load_scenarios
from services.local.servers.stack import Stack, local_stack
from services.local.system import committed_messages
from tests.benchmarks.measure import Result, measure
from tests.support.kafka_tools import BROKER_DATES

EVENTS = int(os.environ.get("KLANTCONTACT_BENCH_EVENTS", "50000"))
BATCH = int(os.environ.get("KLANTCONTACT_BENCH_BATCH", "500"))
NAIVE_EVENTS = 1500
"""Enough to see what one message costs; all of them would take ten minutes."""
PARTITIONS = 4
REPORT = Path("bench.json")
OUTPUTS = (
    "klantcontact.registered",
    "klantcontact.registered.vertrouwelijk",
    "taak.created",
    "taak.created.vertrouwelijk",
)


def main() -> None:
    """Run all, and print the table."""
    with tempfile.TemporaryDirectory() as folder, local_stack(folder=Path(folder) / "stack") as stack:
        results = list(_run(stack, Path(folder)))
    _show(results)
    REPORT.write_text(json.dumps([asdict(each) for each in results], indent=1), encoding="utf-8")


def _run(stack: Stack, folder: Path) -> Iterator[Result]:
    bootstrap, mongo = stack.kafka_bootstrap, stack.mongo_uri
    names = [
        "contact.ended",
        "contact.ended.dlq",
        *OUTPUTS,
        "few",
        "out.bare",
        "out.transactional",
        "out.floor",
        "out.naive",
    ]
    _create_topics(bootstrap, names)
    _fill(bootstrap, "contact.ended", EVENTS)
    _fill(bootstrap, "few", NAIVE_EVENTS)
    for name in ("bare", "transactional", "floor"):
        arguments = [name, bootstrap, mongo, "bench_loops", "contact.ended", f"out.{name}", str(BATCH)]
        yield measure(
            name,
            ["-m", "tests.benchmarks.loops", *arguments],
            bootstrap=bootstrap,
            group=f"contact.ended-{name}",
            topics=["contact.ended"],
            events=EVENTS,
            environment={},
            log=folder / f"{name}.log",
        )
    yield measure(
        "naive",
        ["-m", "tests.benchmarks.naive", bootstrap, mongo, "bench_naive", "few", "out.naive"],
        bootstrap=bootstrap,
        group="few-naive",
        topics=["few"],
        events=NAIVE_EVENTS,
        environment={},
        log=folder / "naive.log",
    )
    environment = {
        "KLANTCONTACT_KAFKA_BOOTSTRAP": bootstrap,
        "KLANTCONTACT_MONGO_URI": mongo,
        "KLANTCONTACT_MONGO_DATABASE": "bench",
        "KLANTCONTACT_SLEUTEL": "0" * 64,
        "KLANTCONTACT_BATCH_SIZE": str(BATCH),
    }
    yield measure(
        "classifier",
        ["-m", "services.cli", "run", "classifier"],
        bootstrap=bootstrap,
        group="klantcontact-classifier",
        topics=["contact.ended"],
        events=EVENTS,
        environment=environment,
        log=folder / "classifier.log",
    )
    yield measure(
        "projector",
        ["-m", "services.cli", "run", "projector"],
        bootstrap=bootstrap,
        group="klantcontact-projector",
        topics=OUTPUTS,
        events=_committed_messages(bootstrap, OUTPUTS),
        environment=environment,
        log=folder / "projector.log",
    )


def _create_topics(bootstrap: str, names: Sequence[str]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topics = [NewTopic(name, PARTITIONS, 1, config=BROKER_DATES) for name in names]
    for creation in admin.create_topics(topics).values():
        creation.result(timeout=30)


def _fill(bootstrap: str, topic: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 1_000_000})
    for key, value in scenario_like_events(count, load_scenarios()):
        producer.produce(topic, value, key)
        producer.poll(0)
    assert producer.flush(60) == 0, "Kafka did not take all events"


def _committed_messages(bootstrap: str, topics: Sequence[str]) -> int:
    """Count what a committed reader sees: the ends of the topics also count markers."""
    return sum(1 for _ in committed_messages(bootstrap, topics))


def _show(results: Sequence[Result]) -> None:
    by_name = {each.name: each for each in results}
    floor, naive = by_name["floor"].events_per_second, by_name["naive"].events_per_second
    table = Table(title=f"{EVENTS} events, batches of {BATCH}, {PARTITIONS} partitions, one process")
    for column in ("", "events/s", "of the floor", "× naive", "CPU µs/event", "peak MB"):
        table.add_column(column, justify="left" if not column else "right")
    for each in results:
        speed = each.events_per_second
        table.add_row(
            each.name,
            f"{speed:,.0f}",
            f"{speed / floor:.2f}",
            f"{speed / naive:.0f}",
            f"{each.cpu_seconds / max(each.events, 1) * 1e6:.0f}",
            f"{each.peak_memory_mb:.0f}",
        )
    Console(file=sys.stdout, width=100).print(table)


if __name__ == "__main__":
    main()
