"""`klantcontact replay --topic kanaal.x` on Kafka and MongoDB, while the mapper and the classifier run."""

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from services.local.system import committed_messages
from tests.support.commands import run_command
from tests.support.kafka_tools import read_settled
from tests.support.mappings import MESSAGE, SMALL
from tests.support.raw_channels import JSON_TYPE, RawChannels, headers_of, small_channel
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

MESSAGES: list[dict[str, Any]] = [
    {**MESSAGE, "id": "g-call-back", "bel": "ja"},
    {**MESSAGE, "id": "g-same"},
    {**MESSAGE, "id": "g-busy", "tijd": None},
    {**MESSAGE, "id": "g-odd", "kanaal": {"a": "bel"}},
]

CHANGES = (
    ('versie = "1"', 'versie = "2"\nherziening = 1'),
    ('pad = "kanaal"', 'pad = "kanaal.a || kanaal"'),
    (
        'anders = "Gesprek" } }]',
        (
            'anders = "Gesprek" }, opvolging = { wanneer = "bel", soort = { vast = "interne_taak" }, '
            'gevraagdeHandeling = { vast = "Bel" }, toegewezenAan = { afdeling = { vast = "KCC" } } } }]'
        ),
    ),
)
"""The newer mapping understands the odd message, and makes a taak of a request to call back."""


def newer() -> str:
    """Return the text of the newer mapping."""
    text = SMALL
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def raw(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> RawChannels:
    return small_channel(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path)


def wait_until_decided(raw: RawChannels) -> None:
    """Wait until the classifier has handled every event."""
    settings = raw.settings

    def left() -> list[Message]:
        topics, group = settings.contact_topics, settings.classifier_group
        return list(committed_messages(settings.kafka_bootstrap, topics, after_group=group))

    wait_for("every event is decided", lambda: not left())


def outputs(raw: RawChannels) -> Counter[tuple[str, str]]:
    """Count what the classifier published, by type and contact."""
    messages = read_settled(raw.settings.kafka_bootstrap, raw.settings.output_topics)
    events = [json.loads(each.value() or b"") for each in messages]
    return Counter((each["type"].split(".", 2)[2], each["data"]["herkomst"]["contactId"]) for each in events)


def replay(raw: RawChannels, *options: str) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Return for each contact its standing and rules, and the summary."""
    (topic,) = raw.settings.raw_topics
    done = run_command(raw.settings, "replay", "--topic", topic, "--json", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    *rows, last = map(json.loads, done.stdout.splitlines())
    found = {
        row["contactId"]: [
            row["standing"],
            *([each["was"] and each["was"]["regel"], each["wordt"]["regel"]] for each in row["onderwerpen"]),
        ]
        for row in rows
    }
    return found, last["summary"]


def by_mapping(events: list[Message]) -> Counter[tuple[str, str]]:
    return Counter((headers_of(each)["mapping"], headers_of(each)["bericht"]) for each in events)


def test_the_dry_run_shows_what_differs_and_execute_sends_that_alone_and_once(raw: RawChannels, tmp_path: Path) -> None:
    (topic,) = raw.settings.raw_topics
    places = raw.publish((topic, json.dumps(each).encode(), [JSON_TYPE]) for each in MESSAGES)
    with ExitStack() as undo:
        for service in ("mapper", "classifier"):
            undo.enter_context(ServiceProcess(service, raw.settings, tmp_path / f"{service}.log"))
        raw.wait_until_mapped(len(places))
        wait_until_decided(raw)
        (tmp_path / "klein.toml").write_text(newer(), "utf-8")
        before = raw.events()

        shown, summary = replay(raw)

        assert shown == {
            "g-call-back": ["changes", ["V1", "V2"]],
            "g-same": ["same"],
            None: ["no event"],
            "g-odd": ["new", [None, "V1"]],
        }
        assert by_mapping(raw.events()) == by_mapping(before) == Counter(("klein/1", each) for each in places[:2])
        assert outputs(raw) == Counter()

        executed, summary = replay(raw, "--execute", "--diff-only")

        assert executed.keys() == {"g-call-back", "g-odd"}
        assert summary["answers"] == {"judged as shown": 2}
        sent = by_mapping(raw.events()) - by_mapping(before)
        assert sent == Counter(("klein/2", places[each]) for each in (0, 3))
        decided = Counter([("klantcontact.registered", "g-call-back"), ("taak.created", "g-call-back")])
        assert outputs(raw) == decided

        again, summary = replay(raw, "--execute", "--diff-only")

        assert (again, summary["answers"]) == ({}, {})
        assert by_mapping(raw.events()) == by_mapping(before) + sent
        assert outputs(raw) == decided
