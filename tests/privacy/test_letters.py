"""What a refused contact said stands in no byte of the dead letters, and is gone when its key is."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from services.local.servers.stack import Stack
from services.runtime.letters.store import LETTER_KEYS
from services.runtime.mongo.client import Document
from tests.faults.classifier_process import World, world_on
from tests.support.cleaning_kafka import bytes_of
from tests.support.commands import run_command
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import BROKER_DATES, publish_values, read_committed
from tests.support.sealed import values_of
from tests.support.waiting import wait_for
from tests.support.whole import whole

pytestmark = pytest.mark.server

MARK = "zqletterqz"
CONTACTS = whole(20, 2_000)
AS_BYTES = {**BROKER_DATES, "compression.type": "uncompressed"}
"""The broker stores the records so that a mark in them could be found."""
DIES_AFTER_ITS_FIRST_KEY = (sys.executable, str(Path(__file__).parent.parent / "support" / "dies_after_keys.py"))


@pytest.fixture
def world(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[World]:
    place = {"kafka": kafka_bootstrap, "mongo": mongo_uri, "name": topics, "database": database}
    with world_on(**place, folder=tmp_path, clock=AS_BYTES) as made:
        yield made


def _wrong(number: int) -> bytes:
    """Return an event that is refused, marked in a text and in a name that the contract does not know."""
    event = contact_ended(f"c-{number}", onderwerp=f"{MARK}{number}")
    event["data"][MARK] = MARK
    del event["data"]["kanaal"]
    return encoded(event)


def _publish(world: World) -> list[bytes]:
    values = [_wrong(number) for number in range(CONTACTS)]
    publish_values(world.settings.kafka_bootstrap, world.settings.contact_topics[0], values, partition=0)
    return values


def _segments(stack: Stack, topic: str) -> bytes:
    """Return every byte that the broker has of a topic."""
    assert stack.kafka is not None, "the files of that broker are out of reach: unset KLANTCONTACT_TEST_KAFKA"
    return bytes_of(topic, stack.kafka.log_file.parent / "data")


def _keys(world: World) -> list[Document]:
    with MongoClient[Document](world.settings.mongo_uri) as client:
        return list(client[world.settings.register_database][LETTER_KEYS].find())


def _exported(world: World, *options: str) -> tuple[int, str]:
    done = run_command(world.settings, "dlq", "export", *options)
    return done.stdout.count("\n"), done.stdout + done.stderr


def test_a_refused_contact_stands_in_no_byte_of_the_dead_letters_and_nobody_reads_it_after_a_discard(
    world: World, stack: Stack
) -> None:
    values = _publish(world)
    process = world.start()
    world.wait_until_handled()
    topic = world.settings.dead_letter_topic

    assert MARK.encode() in _segments(stack, world.settings.contact_topics[0]), "it would be found"
    assert b"dlq_sleutel" in _segments(stack, topic)
    assert MARK.encode() not in _segments(stack, topic)
    assert MARK not in str(_keys(world))
    assert MARK not in process.server.log_file.read_text()
    letters = read_committed(world.settings.kafka_bootstrap, [topic])
    assert sorted(values_of(world.settings, letters)) == sorted(values)
    number, said = _exported(world)
    assert (number, said.count(f'"{MARK}0"')) == (CONTACTS, 1)

    assert run_command(world.settings, "dlq", "discard", "--all", "--reason", "a test").returncode == 0
    number, said = _exported(world, "--state", "all")
    assert (number, MARK in said) == (0, False)
    assert f"{CONTACTS} left out: the content is gone: the letter was discarded" in said
    assert [each for each in _keys(world) if "wrapped" in each] == []


def test_a_classifier_that_dies_between_key_and_letter_leaves_a_key_and_no_second_letter(world: World) -> None:
    values = _publish(world)
    dying = world.start(program=DIES_AFTER_ITS_FIRST_KEY)
    wait_for("it has died", lambda: not dying.server.is_running)
    orphans = {each["_id"] for each in _keys(world)}
    assert orphans
    assert world.committed() == 0
    world.start()
    world.wait_until_handled()

    letters = read_committed(world.settings.kafka_bootstrap, [world.settings.dead_letter_topic])
    assert sorted(values_of(world.settings, letters)) == sorted(values)
    named = {dict(each.headers() or ())["dlq_sleutel"].decode() for each in letters}  # type: ignore[union-attr]
    assert named.isdisjoint(orphans)
    assert {each["_id"] for each in _keys(world)} == named | orphans
    assert all("expiresAt" in each for each in _keys(world)), "MongoDB deletes those that no letter names too"
