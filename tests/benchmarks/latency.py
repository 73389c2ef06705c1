"""How long a contact takes from its publication until it is stored, at a steady rate, with both services running.

MongoDB's own log of writes says when a document was there, to the millisecond, so the measurement costs nothing while
it runs. The clock of a contact starts when it is handed to a producer that does not wait for others.

`python -m tests.benchmarks.latency [rate …]` prints a line for each rate.
"""

import json
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from bson import Timestamp
from confluent_kafka import Producer
from pymongo import MongoClient

from services.domain.ids import contact_key
from services.local.sample import scenario_like_events
from services.local.scenarios import load_scenarios
from services.local.servers.stack import Stack, local_stack
from services.local.system import System, running_system
from services.runtime.settings import Settings

WARM_UP_SECONDS = 5.0
"""At the same rate, before what counts: connections are made, and Kafka compiles itself."""

DRAIN_SECONDS = 30.0
"""Patience with the last contacts."""

STILL_SECONDS = 2.0
"""When nothing was written for so long, all is stored."""

RATES = (10, 300, 1_000)
SECONDS = 20.0

ENDS = {"besluiten": "decided", "klantcontacten": "projected"}
"""The collections, and what a contact is once it stands in them."""


@dataclass(frozen=True)
class Quantiles:
    """Of the milliseconds from published to stored."""

    contacts: int
    p50: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True)
class Latency:
    """What one run showed."""

    rate: float
    reached: float
    """Contacts a second that were really published."""
    partitions: int
    missing: int
    """Contacts without a decision when nothing was stored any more: those that became dead letters."""
    decided: Quantiles
    """Until the decision stands in the register."""
    projected: Quantiles
    """Until the last klantcontact of the contact stands in the projection, of those that are registered."""
    cpu_share: Mapping[str, float]
    """The CPU seconds a second of each service and server that is ours."""


def latency(
    stack: Stack, *, rate: float, seconds: float = SECONDS, partitions: int = 12, warm_up: float = WARM_UP_SECONDS
) -> Latency:
    """Publish `rate` contacts a second for so many seconds, to both services started for it, and return the quantiles.

    Topics, groups and database are new ones.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(_settings(stack, partitions), folder=Path(folder), say=lambda _: None) as system,
        MongoClient[dict[str, Any]](stack.mongo_uri) as client,
    ):
        since = client.admin.command("ping")["$clusterTime"]["clusterTime"]
        events = iter(list(scenario_like_events(round(rate * (warm_up + seconds)), load_scenarios())))
        _publish(system.settings, events, rate, round(rate * warm_up))
        before = _cpu_seconds(stack, system)
        began = time.monotonic()
        published = _publish(system.settings, events, rate, round(rate * seconds))
        took = time.monotonic() - began
        _drain(client, system.settings)
        after = _cpu_seconds(stack, system)
        passed = time.monotonic() - began
        stored = _stored(client, system.settings.mongo_database, since)
        client.drop_database(system.settings.mongo_database)
    waited = {end: _waited(published, stored[collection]) for collection, end in ENDS.items()}
    return Latency(
        rate=rate,
        reached=round(rate * seconds / took, 1),
        partitions=partitions,
        missing=len(published) - len(waited["decided"]),
        decided=_quantiles(waited["decided"]),
        projected=_quantiles(waited["projected"]),
        cpu_share={name: round((after[name] - used) / passed, 2) for name, used in before.items()},
    )


def _settings(stack: Stack, partitions: int) -> Settings:
    run = secrets.token_hex(4)
    return Settings(
        kafka_bootstrap=stack.kafka_bootstrap,
        mongo_uri=stack.mongo_uri,
        mongo_database=f"latency_{run}",
        contact_topics=(f"{run}.contact.ended",),
        dead_letter_topic=f"{run}.contact.ended.dlq",
        registered_topic=f"{run}.klantcontact.registered",
        confidential_topic=f"{run}.klantcontact.registered.vertrouwelijk",
        taak_topic=f"{run}.taak.created",
        confidential_taak_topic=f"{run}.taak.created.vertrouwelijk",
        classifier_group=f"{run}-classifier",
        projector_group=f"{run}-projector",
        topic_partitions=partitions,
    )


def _publish(settings: Settings, events: Iterator[tuple[bytes, bytes]], rate: float, count: int) -> dict[str, float]:
    """Publish at even intervals. Return when each contact was published that was published once, in ms since 1970."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "linger.ms": 0})
    moments: dict[str, float] = {}
    sent = Counter[str]()
    began = time.monotonic()
    for number in range(count):
        key, value = next(events)
        contact = _key(json.loads(value))
        if (early := began + number / rate - time.monotonic()) > 0:
            time.sleep(early)
        moments[contact] = time.time() * 1000
        producer.produce(settings.contact_topics[0], value, key)
        sent[contact] += 1
        producer.poll(0)
    assert producer.flush(DRAIN_SECONDS) == 0, "Kafka did not take all events"
    return {contact: moment for contact, moment in moments.items() if sent[contact] == 1}


def _key(event: Mapping[str, Any]) -> str:
    return contact_key(event["source"], event.get("data", {}).get("contactId", ""))


def _drain(client: MongoClient[dict[str, Any]], settings: Settings) -> None:
    """Wait until nothing is written any more."""
    database = client[settings.mongo_database]
    before, since, deadline = -1, time.monotonic(), time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < min(since + STILL_SECONDS, deadline):
        count = sum(database[collection].estimated_document_count() for collection in ENDS)
        if count != before:
            before, since = count, time.monotonic()
        time.sleep(0.2)


def _stored(client: MongoClient[dict[str, Any]], database: str, since: Timestamp) -> dict[str, dict[str, float]]:
    """Return when each contact had its last new document, in ms since 1970, for each collection."""
    stored: dict[str, dict[str, float]] = {collection: {} for collection in ENDS}
    entries = client.local["oplog.rs"].find(
        {"ts": {"$gte": since}, "op": {"$in": ["i", "c"]}}, {"o": 1, "op": 1, "ns": 1, "wall": 1}
    )
    for entry in entries:
        moment = entry["wall"].timestamp() * 1000
        writes = entry["o"].get("applyOps", ()) if entry["op"] == "c" else (entry,)
        for write in writes:
            name, _, collection = write["ns"].partition(".")
            if write["op"] == "i" and name == database and collection in ENDS:
                stored[collection][_key_of(write["o"])] = moment
    return stored


def _key_of(document: Mapping[str, Any]) -> str:
    origin = document.get("herkomst")
    return document["_id"] if origin is None else contact_key(origin["source"], origin["contactId"])


def _waited(published: Mapping[str, float], stored: Mapping[str, float]) -> list[float]:
    return [stored[contact] - moment for contact, moment in published.items() if contact in stored]


def _quantiles(waited: Sequence[float]) -> Quantiles:
    cuts = statistics.quantiles(waited, n=100, method="inclusive")
    p50, p90, p99 = (round(cuts[percent - 1], 1) for percent in (50, 90, 99))
    return Quantiles(len(waited), p50, p90, p99, round(max(waited), 1))


def _cpu_seconds(stack: Stack, system: System) -> dict[str, float]:
    servers = {"kafka": stack.kafka, "mongod": stack.mongod, **system.services}
    return {
        name: sum(psutil.Process(server.pid).cpu_times()[:2]) for name, server in servers.items() if server is not None
    }


def main(rates: Sequence[float]) -> None:
    """Measure, and print a line for each rate."""
    with tempfile.TemporaryDirectory() as folder, local_stack(folder=Path(folder)) as stack:
        for rate in rates:
            sys.stdout.write(json.dumps(asdict(latency(stack, rate=rate))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main([float(each) for each in sys.argv[1:]] or RATES)
