"""Sending a file of events."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import PolicyViolationError, TopicAuthorizationFailedError
from confluent_kafka import Consumer, Message, TopicPartition

from schemas.faults import HINTS, FaultKind, Refusal
from schemas.reading.decoding import Received, decode
from services.local.servers.kafka import kafka_server
from services.local.servers.process import START_SECONDS
from services.local.servers.stack import Stack
from services.operations.publish import ASK, BrokerRefusal, Publication, key_of, publish
from services.operations.topics import create_topics
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.settings import Settings
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import read_committed, topic_names

ANSWER_SECONDS = 60


@pytest.fixture
async def settings(kafka_bootstrap: str, topics: str) -> Settings:
    made = Settings(kafka_bootstrap=kafka_bootstrap, topic_partitions=2, **topic_names(topics))
    await create_topics(made)
    return made


def _event(contact_id: str, revisie: int) -> bytes:
    return json.dumps({"source": "urn:a", "data": {"contactId": contact_id, "revisie": revisie}}).encode()


def _read(settings: Settings, *, count: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "none"})
    consumer.assign([TopicPartition(settings.contact_topics[0], partition, 0) for partition in range(2)])
    try:
        return consumer.consume(count, timeout=ANSWER_SECONDS)
    finally:
        consumer.close()


async def test_every_line_arrives_unchanged(settings: Settings) -> None:
    lines = [_event("c-1", 1) + b"\r\n", b"\n", b"  \n", b"no event \xff\n", _event("c-2", 1)]

    publication = await publish(settings, lines)

    messages = _read(settings, count=3)
    assert publication == Publication(sent=3)
    assert {(message.key(), message.value()) for message in messages} == {
        (key_of(_event("c-1", 1)), _event("c-1", 1)),
        (None, b"no event \xff"),
        (key_of(_event("c-2", 1)), _event("c-2", 1)),
    }
    assert [message.headers() for message in messages] == [
        [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    ] * 3


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
async def test_an_event_arrives_with_the_size_that_counts_for_the_limit(settings: Settings, end: bytes) -> None:
    event = encoded(contact_ended("c-1"))
    fits, too_large = (event + b" " * (size - len(event)) for size in (65_536, 65_537))

    await publish(settings, [fits + (end or b"\n"), too_large + end])

    arrived = {
        len(value): decode(value) for value in (message.value() for message in _read(settings, count=2)) if value
    }
    assert isinstance(arrived[65_536], Received)
    assert isinstance(arrived[65_537], Refusal)


async def test_revisies_of_one_contact_stay_in_order(settings: Settings) -> None:
    lines = [_event(contact_id, revisie) for revisie in range(1, 51) for contact_id in ("c-1", "c-2")]

    await publish(settings, lines)

    values = [json.loads(message.value() or b"") for message in _read(settings, count=100)]
    for contact_id in ("c-1", "c-2"):
        revisions = [each["data"]["revisie"] for each in values if each["data"]["contactId"] == contact_id]
        assert revisions == list(range(1, 51))


async def test_an_event_that_the_broker_refuses_is_reported_by_line_and_the_rest_is_sent(settings: Settings) -> None:
    lines = [_event("c-1", 1), b"", b"x" * 2_000_000, _event("c-2", 1)]

    publication = await publish(settings, lines)

    refusal = BrokerRefusal(3, "larger than the topic takes", HINTS[FaultKind.TE_GROOT])
    assert publication == Publication(sent=2, refused=1, refusals=[refusal])
    assert len(_read(settings, count=2)) == 2


async def test_an_event_that_the_topic_does_not_accept_is_reported_with_kafkas_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AIOKafkaProducer, "send", AsyncMock(side_effect=PolicyViolationError))
    publication = await publish(settings, [_event("c-1", 1)])
    assert publication == Publication(refused=1, refusals=[BrokerRefusal(1, "not taken (PolicyViolationError)", ASK)])


async def test_a_missing_right_to_write_is_reported_once_with_the_right_to_ask_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AIOKafkaProducer, "send", AsyncMock(side_effect=TopicAuthorizationFailedError))
    with pytest.raises(InvalidSettings, match=r"let this user write to \S+ \(TopicAuth\w+\)\. Ask for that"):
        await publish(settings, [_event("c-1", 1), _event("c-2", 1)])


async def test_progress_is_reported_up_to_the_end(settings: Settings) -> None:
    seen: list[int] = []

    await publish(settings, [_event("c-1", n) for n in range(1, 1502)], progress=lambda each: seen.append(each.sent))

    assert seen == list(range(1, 1502))


async def test_a_missing_topic_is_refused_before_anything_is_sent(settings: Settings) -> None:
    missing = settings.model_copy(update={"contact_topics": (f"{settings.contact_topics[0]}.other",)})

    with pytest.raises(InvalidSettings, match=r"has no topic .* Run `klantcontact topics create`"):
        await publish(missing, [_event("c-1", 1)])


async def test_a_failure_of_kafka_is_reported_with_the_number_of_sent_events(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack.kafka_bootstrap  # its start has fetched the jars
    monkeypatch.setattr("services.operations.publish.STALL_SECONDS", 0.5)
    monkeypatch.setattr("services.operations.kafka.STOP_SECONDS", 0.5)
    with kafka_server(tmp_path, say=print) as broker:
        settings = Settings(kafka_bootstrap=broker.address, topic_partitions=1)
        await create_topics(settings)

        def lines_and_a_kill() -> Iterator[bytes]:
            yield from [_event("c-1", revisie) for revisie in range(1, 1001)]
            broker.kill()
            yield from [_event("c-1", revisie) for revisie in range(1001, 3001)]

        with pytest.raises(TransientFailure) as failed:
            await publish(settings, lines_and_a_kill())

    assert re.fullmatch(
        r"Kafka stopped answering at line \d+; \d+ lines were taken. Send the file again when it is back: repeats "
        r"change nothing\.",
        str(failed.value),
    )


async def test_a_broker_that_is_killed_midway_and_comes_back_has_every_line_once(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack.kafka_bootstrap  # its start has fetched the jars
    monkeypatch.setattr("services.operations.publish.STALL_SECONDS", 2 * START_SECONDS)
    events = [_event(f"c-{number}", 1) for number in range(3_000)]
    with kafka_server(tmp_path, say=print) as broker, ThreadPoolExecutor(max_workers=1) as aside:
        settings = Settings(kafka_bootstrap=broker.address, topic_partitions=2)
        await create_topics(settings)

        started: list[Future[None]] = []

        def lines() -> Iterator[bytes]:
            yield from events[:1_000]
            broker.kill()
            started.append(aside.submit(broker.start))
            yield from events[1_000:]

        assert await publish(settings, lines()) == Publication(sent=len(events))
        [start] = started
        start.result()
        messages = read_committed(broker.address, [settings.contact_topics[0]])

    assert Counter(message.value() for message in messages) == Counter(events)
