"""Sending events through the running system, and reading all its results."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Message
from pymongo import MongoClient

from services.local.system import System, committed_messages
from services.operations.audit.head import COLLECTION as AUDIT_HEAD
from tests.support.commands import run_command
from tests.support.kafka_tools import holds_readers_up
from tests.support.waiting import wait_for

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
    sent = run_command(system.settings, "publish", str(file))
    assert sent.returncode == 0, sent.stdout + sent.stderr


def wait_until_all_is_stored(system: System) -> None:
    """Wait until neither service has anything left to read."""
    settings = system.settings
    outputs, letters = settings.output_topics, settings.dead_letter_topic
    wait_for(
        "the classifier got through its topics",
        lambda: _nothing_left(system, settings.classifier_group, settings.input_topics),
    )
    # Its position can be committed before its outputs are: the projector would have nothing left, and yet not all.
    wait_for("its outputs can be read", lambda: not holds_readers_up(settings.kafka_bootstrap, [*outputs, letters]))
    wait_for("the projector got through its topics", lambda: _nothing_left(system, settings.projector_group, outputs))


def _nothing_left(system: System, group: str, topics: Sequence[str]) -> bool:
    """Whether a committed reader at the positions of the group sees no further record."""
    return not any(True for _ in committed_messages(system.settings.kafka_bootstrap, topics, after_group=group))


def read_all(system: System, topics: Sequence[str]) -> list[Published]:
    """Read everything that a committed reader sees in these topics."""
    return [_published(message) for message in committed_messages(system.settings.kafka_bootstrap, topics)]


def _published(message: Message) -> Published:
    headers = message.headers() or []
    assert isinstance(headers, list)
    return Published(
        topic=str(message.topic()),
        key=message.key(),
        value=message.value() or b"",
        headers=[(name, value if isinstance(value, bytes) else str(value).encode()) for name, value in headers],
    )


def documents(system: System) -> dict[str, list[Document]]:
    """Return everything that stands in MongoDB, but for what each command of an operator leaves in the audit trail."""
    with MongoClient[Document](system.settings.mongo_uri) as client:
        database = client[system.settings.mongo_database]
        names = sorted(set(database.list_collection_names()) - {AUDIT_HEAD})
        return {name: list(database[name].find().sort("_id")) for name in names}
