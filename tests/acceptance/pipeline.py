"""Sending events through the running system, and reading everything that comes of them."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition
from pymongo import MongoClient

from services.local.system import COMMAND, System

PATIENCE_SECONDS = 60
Document = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """One message as a committed reader sees it."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]


def publish(system: System, events: Iterable[Mapping[str, Any] | bytes]) -> None:
    """Send events as `klantcontact publish` does: objects, or lines as they are."""
    lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    file = system.home / "events.jsonl"
    file.write_bytes(b"\n".join(lines))
    subprocess.run([*COMMAND, "publish", str(file)], check=True, capture_output=True)


def wait_until_all_is_stored(system: System) -> None:
    """Wait until neither service has anything left to read."""
    settings = system.settings
    outputs = [settings.registered_topic, settings.confidential_topic, settings.taak_topic]
    _wait(lambda: _nothing_left(system, settings.classifier_group, [settings.contact_topic]), "classifier")
    _wait(lambda: _nothing_left(system, settings.projector_group, outputs), "projector")


def _wait(condition: Callable[[], bool], who: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"the {who} did not get through its topics"
        time.sleep(0.1)


def _nothing_left(system: System, group: str, topics: Sequence[str]) -> bool:
    """Tell whether a committed reader at the positions of the group sees no further record."""
    with closing(_consumer(system, group)) as consumer:
        committed = consumer.committed(_partitions(consumer, topics), timeout=10)
        return not any(
            _read(consumer, [TopicPartition(each.topic, each.partition, max(each.offset, 0)) for each in committed])
        )


def read_all(system: System, topics: Sequence[str]) -> list[Published]:
    """Read everything that a committed reader sees in these topics."""
    with closing(_consumer(system, "reads-everything")) as consumer:
        places = [TopicPartition(each.topic, each.partition, 0) for each in _partitions(consumer, topics)]
        return list(_read(consumer, places))


def _consumer(system: System, group: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": system.settings.kafka_bootstrap,
            "group.id": group,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )


def _partitions(consumer: Consumer, topics: Sequence[str]) -> list[TopicPartition]:
    known = consumer.list_topics(timeout=10).topics
    return [TopicPartition(topic, number) for topic in topics for number in known[topic].partitions]


def _read(consumer: Consumer, places: list[TopicPartition]) -> Iterable[Published]:
    consumer.assign(places)
    at_end = 0
    while at_end < len(places):
        for message in consumer.consume(500, timeout=10):
            error = message.error()
            if error is None:
                yield Published(message.topic(), message.key(), message.value(), message.headers() or [])
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                at_end += 1


def documents(system: System) -> dict[str, list[Document]]:
    """Give everything that stands in MongoDB."""
    with MongoClient[Document](system.settings.mongo_uri) as client:
        database = client[system.settings.mongo_database]
        return {name: list(database[name].find().sort("_id")) for name in sorted(database.list_collection_names())}
