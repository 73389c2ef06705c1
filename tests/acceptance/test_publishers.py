"""A topic for each publisher, on a Kafka whose rights say who may write where: nobody speaks in the topic of another.

The rights are those of `docs/kafka-rights.md`, in which `contact.ended` stands for each topic of publishers.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import KafkaError, Message, Producer
from pymongo import MongoClient

from schemas.types import MAX_WHOLE_NUMBER
from services.classifier.mongo.register import BESLUITEN
from tests.acceptance.policy import STRICT
from tests.acceptance.secure_town import PARTITIONS, RIGHTS, Ran, Town, drop_databases, settings_on
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import read_committed
from tests.support.secure_kafka import PASSWORD, Right, SecureKafka, rights_in, secure_kafka
from tests.support.waiting import wait_for

A, B = "contact.ended.a", "contact.ended.b"

SOURCE_OF_B = "urn:nld:oin:00000001823288444000:systeem:balie"

SECONDS = 20


def _of(rights: Sequence[Right], *topics: str) -> list[Right]:
    """Return rights with those on `contact.ended` once for each of these topics."""
    return [
        replace(right, name=topic)
        for right in rights
        for topic in (topics if right.name == "contact.ended" else [right.name])
    ]


USERS: Mapping[str, Sequence[Right]] = {
    **{command: _of(rights, A, B) for command, rights in RIGHTS.items()},
    "publisher a": _of(RIGHTS["publish"], A),
    # It may also see that the other topic is there.
    "publisher b": [*_of(RIGHTS["publish"], B), *rights_in(f"Describe topic `{A}`")],
}


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("publishers")) as running:
        running.grant(USERS)
        yield running


@pytest.fixture(scope="module")
def town(kafka: SecureKafka, mongo_uri: str) -> Iterator[Town]:
    """Both services; each publisher has sent two contacts, and B something broken."""
    settings = settings_on(kafka, mongo_uri, contact_topics=(A, B))
    town = Town(kafka, settings)
    (kafka.folder / "strict").write_text(STRICT)
    assert town.run("topics create", "topics create").status == 0
    with ExitStack() as undo:
        undo.callback(drop_databases, settings)
        for name in ("classifier", "projector"):
            undo.enter_context(town.service(name, town.settings_of(f"run {name}")))
        of_b = [contact_ended(f"b-{each}") | {"source": SOURCE_OF_B} for each in range(2)]
        assert _publish(town, "a", A, [contact_ended("a-0"), contact_ended("a-1")]).said.startswith("2 sent, 0 refused")
        assert _publish(town, "b", B, [*of_b, {"kapot": True}]).said.startswith("3 sent, 0 refused")
        wait_for("all is stored", lambda: town.documents().get("interne_taken") == 4)
        wait_for("the broken event is a letter", lambda: _letters(town) == [B])
        yield town


def _publish(town: Town, publisher: str, topic: str, events: Sequence[Mapping[str, Any]]) -> Ran:
    (town.kafka.folder / "events").write_bytes(b"\n".join(json.dumps(each).encode() for each in events))
    return town.run(f"publisher {publisher}", f"publish {{events}} --topic {topic}")


def _besluit(town: Town, contact_id: str) -> dict[str, Any]:
    with MongoClient[dict[str, Any]](town.settings.mongo_uri) as client:
        found = client[town.settings.mongo_database][BESLUITEN].find_one({"contactId": contact_id})
    assert found is not None
    return found


def _sent_by(town: Town, publisher: str, topic: str, value: bytes) -> KafkaError | None:
    """Have a publisher write with a client of its own, and return why Kafka refuses it."""
    answers: list[KafkaError | None] = []

    def note(error: KafkaError | None, _: Message) -> None:
        answers.append(error)

    sender = Producer(
        {
            "bootstrap.servers": town.kafka.login,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": f"publisher {publisher}",
            "sasl.password": PASSWORD,
            "ssl.ca.location": str(town.kafka.folder / "ca.pem"),
        }
    )
    sender.produce(topic, value=value, on_delivery=note)
    assert sender.flush(SECONDS) == 0
    return answers[0]


# Who speaks -----------------------------------------------------------------------------------------------------------


def test_what_each_publisher_sends_is_decided_and_the_record_says_in_whose_topic_it_came(town: Town) -> None:
    assert {each: _besluit(town, each)["position"]["topic"] for each in ("a-0", "a-1", "b-0", "b-1")} == {
        "a-0": A,
        "a-1": A,
        "b-0": B,
        "b-1": B,
    }


def test_a_publisher_can_not_take_back_the_contact_of_another_in_the_topic_of_that_one(town: Town) -> None:
    forged = contact_ended("a-0", revisie=MAX_WHOLE_NUMBER)
    forged["data"]["onderwerpen"] = []
    before = town.ends()

    refused = _sent_by(town, "b", A, encoded(forged))
    by_command = _publish(town, "b", A, [forged])

    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert (by_command.status, f"does not let this user write to {A}" in by_command.said) == (2, True)
    assert town.ends() == before
    assert _besluit(town, "a-0")["revisie"] == 1

    correction = contact_ended("a-0", revisie=2, onderwerp="Paspoort")
    assert _publish(town, "a", A, [correction]).status == 0
    wait_for("the correction of its own system is in force", lambda: _besluit(town, "a-0")["revisie"] == 2)
    assert _sent_by(town, "b", B, b"{}") is None, "in its own topic it may write what it likes"
    wait_for("that is a letter", lambda: _letters(town) == [B, B])


def _letters(town: Town) -> list[str]:
    """Return the topics that the dead letters came from."""
    letters = read_committed(town.kafka.plain, [town.settings.dead_letter_topic])
    headers: list[Any] = [each.headers() for each in letters]
    return [dict(each)["dlq_topic"].decode() for each in headers]


# The commands of operators --------------------------------------------------------------------------------------------

SERVED = [
    (
        "publisher a",
        "publish {strict}",
        2,
        f"There is a topic for each publisher. Name yours: {A}, {B}, toestemming.gewijzigd.",
    ),
    ("publisher a", "publish {strict} --topic taak.created", 2, "The classifier does not read that topic."),
    ("doctor", "doctor", 0, "2 partitions each"),
    ("topics create", "topics create", 0, f"{B}"),
    ("dlq", f"dlq list --topic {A}", 0, "0 letters"),
    ("replay", "replay", 0, "  same"),
    ("replay", f"replay --topic {B} --diff-only", 0, "2  same"),
    ("replay", "replay --offsets 0:0-0", 2, f"--offsets needs --topic: there are {A}, {B}."),
    ("replay", "replay --topic taak.created", 2, f"--topic is none of {A}, {B}."),
    ("explain", "explain b-0", 0, f"{B}, partition"),
    ("nobody", "stats --by topic", 0, f"{B}"),
]


@pytest.mark.parametrize(("user", "command", "status", "says"), SERVED, ids=[command for _, command, *_ in SERVED])
def test_each_command_knows_all_topics_with_the_rights_of_the_page(
    town: Town, user: str, command: str, status: int, says: str
) -> None:
    ran = town.run(user, command)

    assert says in ran.said
    assert ran.status == status


def test_a_request_about_a_contact_goes_to_the_topic_that_it_came_in(town: Town) -> None:
    before = _ends(town)

    ran = town.run("replay --execute", "replay --execute --publish-again --contact b-1")

    assert (ran.status, "published again" in ran.said) == (0, True)
    assert _ends(town) == {A: before[A], B: before[B] + 1}


def test_letters_go_back_to_the_topic_that_they_came_from(town: Town) -> None:
    before, letters = _ends(town), len(_letters(town))

    ran = town.run("dlq redrive", f"dlq redrive --topic {B}")

    assert (ran.status, "sent back" in ran.said) == (0, True)
    wait_for("they are letters again", lambda: len(_letters(town)) == 2 * letters)
    assert set(_letters(town)) == {B}
    assert _ends(town) == {A: before[A], B: before[B] + letters}


def _ends(town: Town) -> dict[str, int]:
    """Return how many records the topics of publishers hold."""
    ends = town.ends()
    return {A: sum(ends[:PARTITIONS]), B: sum(ends[PARTITIONS : 2 * PARTITIONS])}
