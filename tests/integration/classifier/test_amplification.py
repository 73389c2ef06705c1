"""Little that is sent makes little: in the dead letters, and in the decision record of a contact. On real servers."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message
from pymongo import MongoClient

from services.classifier.mongo.register import BESLUITEN
from tests.faults.classifier_process import World, world_on
from tests.support.examples import CALL_BACK, contact, event, known, line, onderwerp
from tests.support.kafka_tools import producer, publish_values, read_settled
from tests.support.log_size import log_bytes
from tests.support.sealed import values_of
from tests.support.waiting import wait_for

MB = 1_000_000
WIDE = "😀" * 240
"""Of the 256 characters that an id may have, four bytes each."""


@pytest.fixture
def world(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[World]:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as made:
        yield made


def test_records_that_were_small_as_compressed_make_few_bytes_of_dead_letters(world: World) -> None:
    topic, bootstrap = world.settings.contact_topics[0], world.settings.kafka_bootstrap
    sender = producer(bootstrap, compression="gzip")
    for _ in range(40):
        sender.produce(topic, value=b"x" * MB, key=b"k", partition=0)
        assert sender.flush(20) == 0
    world.start()
    wait_for("everything is handled", lambda: world.committed() == 40)

    letters = _letters(world)
    came_in = asyncio.run(log_bytes(bootstrap, topic))
    went_out = asyncio.run(log_bytes(bootstrap, world.settings.dead_letter_topic))
    assert [len(each) for each in values_of(world.settings, letters)] == [65_536] * 40
    assert came_in < 60_000
    assert went_out < came_in


def test_a_history_that_is_built_up_to_the_bounds_ends_as_te_veel_and_the_next_contact_is_decided(world: World) -> None:
    values = [
        line(
            event(
                contact(
                    WIDE,
                    revisie=1 + number,
                    betrokkenen=[known()],
                    onderwerpen=[onderwerp(f"{number}-{at}", opvolging=CALL_BACK) for at in range(50)],
                ),
                event_id=f"{WIDE}{number}",
            )
        )
        for number in range(17)
    ]
    publish_values(world.settings.kafka_bootstrap, world.settings.contact_topics[0], [*values, _OTHER], partition=0)
    process = world.start()
    wait_for("everything is handled", lambda: world.committed() == 18)

    assert _faults(world) == [[{"pad": "data.onderwerpen", "soort": "te_veel"}]] * 13
    assert world.recorded() == 2
    assert process.log("contact.handling_failed") == []


def test_a_contact_whose_record_would_pass_4_mb_ends_as_te_veel_and_the_next_contact_is_decided(world: World) -> None:
    topic, bootstrap = world.settings.contact_topics[0], world.settings.kafka_bootstrap
    publish_values(bootstrap, topic, [_revisie(1)], partition=0)
    process = world.start()
    wait_for("the first is handled", lambda: world.committed() == 1)
    with MongoClient[dict[str, Any]](world.settings.mongo_uri) as client:
        besluiten = client[world.settings.mongo_database][BESLUITEN]
        [stored] = besluiten.find({})
        # As an earlier release, which knew no maximum, may have stored it: 6 MB, and 18 with what is taken back.
        [given] = stored["uitgegeven"]
        more = [{**given, "onderwerpId": f"{at}{'x' * 300_000}", "taakNummer": str(10 + at)} for at in range(20)]
        besluiten.update_one({"_id": stored["_id"]}, {"$set": {"uitgegeven": [given, *more]}})
    publish_values(bootstrap, topic, [_revisie(2), _OTHER], partition=0)
    wait_for("everything is handled", lambda: world.committed() == 3)

    assert _faults(world) == [[{"pad": "data.revisie", "soort": "te_veel"}]]
    assert world.recorded() == 2
    assert process.server.is_running


_OTHER = line(event(contact("c-2", betrokkenen=[known()]), event_id="evt-other"))


def _revisie(revisie: int) -> bytes:
    return line(event(contact("c-1", revisie=revisie, betrokkenen=[known()]), event_id=f"evt-{revisie}"))


def _letters(world: World) -> list[Message]:
    """Return the dead letters of what is handled."""
    return read_settled(world.settings.kafka_bootstrap, [world.settings.dead_letter_topic])


def _faults(world: World) -> list[Any]:
    return [json.loads(_headers(each)["dlq_faults"]) for each in _letters(world)]


def _headers(message: Message) -> dict[str, bytes]:
    return dict(message.headers() or ())  # type: ignore[arg-type]  # the driver's types say less than it gives
