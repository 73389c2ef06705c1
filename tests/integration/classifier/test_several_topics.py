"""A topic for each publisher, on Apache Kafka and MongoDB: records at the same partition and offset of two topics."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message
from pydantic import SecretStr
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession

from schemas.positions import Position
from schemas.reading.decoding import Received, decode
from services.classifier.mongo.key_versions import Translation
from services.classifier.mongo.register import BESLUITEN, MongoRegister
from services.domain.case import Case, prepare
from services.domain.outcome import Decided, Outcome, Refused, Repeated
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.local.system import COMMAND
from services.runtime.settings import Settings
from services.runtime.stops.store import STOPS
from tests.support.commands import run_command
from tests.support.contacts import NOW, contact_ended, encoded
from tests.support.kafka_tools import (
    committed_offsets,
    make_topics,
    publish_values,
    read_settled,
    topic_names,
)
from tests.support.sealed import values_of
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

PLANTED_BUG = (sys.executable, str(Path(__file__).parents[2] / "support" / "planted_bug.py"))
SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
TIMES = 150
"""Enough that both instances work on the same contacts at once."""
NAMES = [f"c-{number}" for number in range(TIMES)]

RUN = 10
"""`OWN_FAILURES_LIMIT` by default."""

Document = dict[str, Any]


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    """Two publishers, each with one partition."""
    names = topic_names(topics) | {"contact_topics": (f"{topics}.contact.ended.a", f"{topics}.contact.ended.b")}
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        classifier_group=f"{topics}-classifier",
        sleutel=SecretStr("a key of the tests, thirty-two bytes"),
        batch_size=20,
        session_timeout_ms=3_000,
        log_format="json",
        topic_partitions=1,
        **names,
    )
    make_topics(kafka_bootstrap, *made.every_topic)
    return made


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., ServiceProcess]]:
    """Starts classifiers, which end with the test."""
    with ExitStack() as undo:

        def started(
            name: str, program: Sequence[str] = COMMAND, topics: Sequence[str] = settings.contact_topics
        ) -> ServiceProcess:
            theirs = settings.model_copy(update={"contact_topics": tuple(topics)})
            process = ServiceProcess("classifier", theirs, tmp_path / f"{name}.log", program=program)
            return undo.enter_context(process)

        yield started


def publish(settings: Settings, topic: str, events: Sequence[Document]) -> None:
    publish_values(settings.kafka_bootstrap, topic, [encoded(each) for each in events], partition=0)


def committed(settings: Settings) -> list[int]:
    bootstrap, group = settings.kafka_bootstrap, settings.classifier_group
    return [committed_offsets(bootstrap, group=group, topic=each, partitions=1)[0] for each in settings.contact_topics]


def published(settings: Settings, topic: str) -> list[Message]:
    return read_settled(settings.kafka_bootstrap, [topic])


def besluiten(settings: Settings) -> Mapping[str, Document]:
    with MongoClient[Document](settings.mongo_uri) as client:
        found = client[settings.mongo_database][BESLUITEN].find()
        return {each["contactId"]: each for each in found}


def _event(message: Message) -> Document:
    event: Document = json.loads(message.value() or b"")
    return event


def test_a_topic_is_added_by_starting_the_instances_again_one_after_another(
    settings: Settings, start: Callable[..., ServiceProcess]
) -> None:
    a, b = settings.contact_topics
    old = start("old", topics=[a])
    wait_for("it has its topic", lambda: _assigned(old) == 1)
    publish(settings, a, [contact_ended("c-1")])
    publish(settings, b, [contact_ended("c-2")])
    wait_for("it handles its topic", lambda: committed(settings) == [1, 0])
    new = start("new")
    wait_for("the new one has the other", lambda: b in new.facts().get("kafka", {}).get("assigned", {}))
    wait_for("it is read from its beginning", lambda: committed(settings) == [1, 1])
    assert old.terminate() == 0
    wait_for("the new one has both", lambda: _assigned(new) == 2)
    publish(settings, a, [contact_ended("c-3")])
    wait_for("all is handled", lambda: committed(settings) == [2, 1])
    assert sorted(besluiten(settings)) == ["c-1", "c-2", "c-3"]


# The same contact -----------------------------------------------------------------------------------------------------


def _decide_by_two(settings: Settings, start: Callable[..., ServiceProcess], *onderwerpen: str) -> list[ServiceProcess]:
    """Publish the same contacts on both topics, each topic with its onderwerp, and have two instances decide them."""
    instances = [start("one"), start("other")]
    wait_for("each has a partition", lambda: [_assigned(each) for each in instances] == [1, 1])
    for topic, onderwerp in zip(settings.contact_topics, onderwerpen, strict=True):
        publish(settings, topic, [contact_ended(each, onderwerp=onderwerp) for each in NAMES])
    wait_for("all is handled", lambda: committed(settings) == [TIMES, TIMES])
    return instances


def test_contacts_that_come_on_two_topics_at_once_are_decided_once_by_two_instances(
    settings: Settings, start: Callable[..., ServiceProcess]
) -> None:
    instances = _decide_by_two(settings, start, "Parkeren", "Parkeren")

    decided = besluiten(settings)
    assert sorted(decided) == sorted(NAMES)
    numbers = [each["uitgegeven"][0]["klantcontactNummer"] for each in decided.values()]
    assert len(set(numbers)) == TIMES
    contents: dict[str, set[str]] = {}
    for event in map(_event, published(settings, settings.registered_topic)):
        contents.setdefault(event["id"], set()).add(json.dumps(event["data"], sort_keys=True))
    assert len(contents) == TIMES, "a contact has one event, whichever topic it goes out for"
    assert {len(each) for each in contents.values()} == {1}, "and it always says the same"
    assert published(settings, settings.dead_letter_topic) == []
    assert [each.log("contact.handling_failed") for each in instances] == [[], []]


def test_of_two_truths_about_a_contact_one_is_decided_and_the_other_is_a_letter_of_its_own_topic(
    settings: Settings, start: Callable[..., ServiceProcess]
) -> None:
    a, b = settings.contact_topics
    says = {a: "As the one says", b: "As the other says"}
    _decide_by_two(settings, start, *says.values())

    decided = besluiten(settings)
    refused = dict(_refused(settings))
    assert len(decided) == len(refused) == TIMES
    by = {name: each["position"]["topic"] for name, each in decided.items()}
    assert refused == {name: ({a: b, b: a}[topic], "revisie_conflict") for name, topic in by.items()}
    events = map(_event, published(settings, settings.registered_topic))
    said = {each["data"]["herkomst"]["contactId"]: each["data"]["klantcontact"]["onderwerp"] for each in events}
    assert said == {name: says[topic] for name, topic in by.items()}


def _refused(settings: Settings) -> list[tuple[str, tuple[str, str]]]:
    """Return the contact of each letter, the topic that it came from, and its kind."""
    letters = published(settings, settings.dead_letter_topic)
    contacts = [json.loads(value)["data"]["contactId"] for value in values_of(settings, letters)]
    reasons = [(_header(each, "dlq_topic"), _header(each, "dlq_kind")) for each in letters]
    return list(zip(contacts, reasons, strict=True))


def _header(message: Message, name: str) -> str:
    headers: Any = message.headers()
    value: bytes = dict(headers)[name]
    return value.decode()


def _assigned(process: ServiceProcess) -> int:
    """Return how many partitions of contacts an instance has."""
    assigned = process.facts().get("kafka", {}).get("assigned") or {}
    return sum(len(numbers) for topic, numbers in assigned.items() if ".contact.ended" in topic)


class _MeetingRegister(MongoRegister):
    """Its first look-up waits until the other register has looked up too: neither sees what the other records."""

    def __init__(self, client: AsyncMongoClient[Document], database: str, both: asyncio.Barrier) -> None:
        super().__init__(client, database, DEFAULT)
        self._both = both
        self.attempts = 0

    async def _look_up(
        self,
        batch: Sequence[Case],
        register: Register,
        session: AsyncClientSession,
        hashes: Translation,
        *,
        most_bytes: int | None = None,
    ) -> None:
        await super()._look_up(batch, register, session, hashes, most_bytes=most_bytes)
        self.attempts += 1
        if self.attempts == 1:
            await self._both.wait()


@pytest.mark.parametrize(
    "onderwerpen", [("Parkeren", "Parkeren"), ("Parkeren", "Paspoort")], ids=["repeat", "conflict"]
)
async def test_an_instance_that_did_not_see_the_decision_of_the_other_judges_again(
    mongo_uri: str, database: str, onderwerpen: tuple[str, str]
) -> None:
    async with AsyncMongoClient[Document](mongo_uri, tz_aware=True) as client:
        both = asyncio.Barrier(2)
        registers = [_MeetingRegister(client, database, both) for _ in range(2)]
        await registers[0].prepare()
        cases = [_case(onderwerp, topic) for onderwerp, topic in zip(onderwerpen, ["a", "b"], strict=True)]
        outcomes = await asyncio.gather(*map(_judged, registers, cases))
        stored = await client[database][BESLUITEN].find().to_list()

    decided = [each for each in outcomes if isinstance(each, Decided)]
    others = [each for each in outcomes if not isinstance(each, Decided)]
    assert (len(decided), len(stored)) == (1, 1)
    assert [type(each) for each in others] == [Repeated if len(set(onderwerpen)) == 1 else Refused]
    assert stored[0]["position"]["topic"] == decided[0].besluit.position.topic  # type: ignore[union-attr] # it has one
    assert max(each.attempts for each in registers) > 1


def _case(onderwerp: str, topic: str) -> Case:
    received = decode(encoded(contact_ended("c-1", onderwerp=onderwerp)), (), NOW)
    assert isinstance(received, Received)
    return replace(prepare(received, SLEUTELS, DEFAULT), position=Position(topic, 0, 7))


async def _judged(store: MongoRegister, case: Case) -> Outcome:
    (outcome,) = await store.transact([case], lambda register: [register.judge(case, NOW)])
    return outcome


def _waiting(process: ServiceProcess) -> Mapping[str, bool]:
    """Return whether records wait in partition 0 of each topic."""
    return {topic: lag > 0 for (_, topic), lag in process.measured("klantcontact_lag_records").items()}


# A stop ---------------------------------------------------------------------------------------------------------------


def test_a_stop_in_the_topic_of_one_publisher_leaves_the_same_partition_of_another_alone(
    settings: Settings, start: Callable[..., ServiceProcess]
) -> None:
    (a, b), [consent] = settings.contact_topics, settings.consent_topics
    bugs = [contact_ended(f"planted-bug-{each}") for each in range(RUN)]
    publish(settings, a, bugs)
    publish(settings, b, bugs[: RUN - 1])
    classifier = start("one", PLANTED_BUG)
    wait_for("it stops", lambda: "service" in classifier.reasons())
    assert classifier.reasons()["service"].startswith(f"stopped at {a}, partition 0, offset {RUN - 1}, where our own")
    publish(settings, b, [contact_ended("c-1"), contact_ended("c-2")])
    wait_for("the other goes on", lambda: committed(settings) == [RUN - 1, RUN + 1])
    wait_for("it counts what waits in each", lambda: _waiting(classifier) == {a: True, b: False, consent: False})
    assert classifier.facts()["kafka"]["assigned"] == {a: [0], b: [0], consent: [0]}
    assert classifier.measured("klantcontact_stopped") == {(): 1}

    refused = run_command(settings, "skip", b, "0", str(RUN - 1), "--reason", "the other topic")
    assert (refused.returncode, f"These have stopped: {a}, partition 0, offset {RUN - 1}." in refused.stderr) == (
        1,
        True,
    )
    skipped = run_command(settings, "skip", a, "0", str(RUN - 1), "--reason", "a test")
    assert skipped.returncode == 0, skipped.stderr
    wait_for("it goes on", lambda: committed(settings) == [RUN, RUN + 1])
    wait_for("it is ready", classifier.is_ready)
    with MongoClient[Document](settings.mongo_uri) as client:
        wait_for("the stop is forgotten", lambda: client[settings.mongo_database][STOPS].count_documents({}) == 0)
    letters = Counter(topic for _, (topic, _) in _refused(settings))
    assert letters == {a: RUN, b: RUN - 1}
