"""The projector while things fail around it: nothing is skipped, and it says in readiness what it waits for."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.local.servers.kafka import kafka_server
from services.local.servers.mongod import administrator_uri as uri_of
from services.local.servers.mongod import mongod_server
from services.local.servers.process import Server
from services.runtime.settings import Settings
from tests.faults.struck_at_work import struck_by
from tests.support.projector_examples import Event, registered
from tests.support.projector_process import (
    count_committed,
    expected,
    projector_process,
    publish,
    settings_for,
    stored,
)
from tests.support.projector_scenario import scenario
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for


def history(first: int, last: int) -> list[Event]:
    """Return the events of many scenarios side by side, in an order that mixes them."""
    events = [event for number in range(first, last) for batch in scenario(f"-{number}") for event in batch]
    random.Random(first).shuffle(events)
    return events


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return settings_for(kafka_bootstrap, mongo_uri, topics, database)


@pytest.fixture
def own_mongod(tmp_path: Path) -> Iterator[Server]:
    with mongod_server(tmp_path / "mongod") as server:
        yield server


@pytest.fixture
def impatient_mongod(own_mongod: Server) -> Server:
    """A mongod that aborts an abandoned transaction after two seconds instead of a minute."""
    with MongoClient[dict[str, Any]](uri_of(own_mongod)) as client:
        client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=2)
    return own_mongod


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Server]:
    with kafka_server(tmp_path / "kafka", say=print) as server:
        yield server


def test_instances_that_are_killed_and_that_join_lose_nothing(
    kafka_bootstrap: str, topics: str, impatient_mongod: Server, tmp_path: Path
) -> None:
    settings = settings_for(kafka_bootstrap, uri_of(impatient_mongod), topics, "klantcontact")
    events = history(0, 60)
    publish(settings, events[:700])

    with (
        projector_process(settings, tmp_path, "first") as first,
        projector_process(settings, tmp_path, "second") as second,
    ):
        wait_for("the first or second has begun", lambda: count_committed(settings) > 0)
        first.server.kill()
        publish(settings, events[700:])
        with projector_process(settings, tmp_path, "third") as third:
            wait_for("everything is committed", lambda: count_committed(settings) == len(events))
            assert second.server.is_running
            assert third.server.is_running

    assert stored(settings) == expected(events)
    # aiokafka calls a position that it may not commit any more an error; to us it is none.
    ours = [line for each in (second, third) for line in each.log() if line["event"] != "library.reported"]
    assert not [line for line in ours if line["level"] in {"error", "critical"}]


def test_an_instance_that_hung_and_was_replaced_goes_on_when_it_wakes(
    kafka_bootstrap: str, topics: str, impatient_mongod: Server, tmp_path: Path
) -> None:
    settings = settings_for(kafka_bootstrap, uri_of(impatient_mongod), topics, "klantcontact")
    events = history(0, 60)
    publish(settings, events[:700])

    with (
        projector_process(settings, tmp_path, "first") as first,
        projector_process(settings, tmp_path, "second") as second,
    ):
        wait_for("both have joined", lambda: first.is_ready() and second.is_ready())
        first.server.pause()
        publish(settings, events[700:])
        wait_for("the other has done it all", lambda: count_committed(settings) == len(events))
        first.server.resume()
        wait_for("it is ready again", first.is_ready)
        assert first.server.is_running

    assert stored(settings) == expected(events)


def test_mongodb_that_goes_away_is_waited_for(
    kafka_bootstrap: str, topics: str, own_mongod: Server, tmp_path: Path
) -> None:
    settings = settings_for(kafka_bootstrap, uri_of(own_mongod), topics, "klantcontact")
    before, during = history(0, 4), history(4, 8)
    publish(settings, before)

    with projector_process(settings, tmp_path) as projector:
        wait_for("it keeps up", lambda: count_committed(settings) == len(before))
        own_mongod.stop()
        publish(settings, during)
        wait_for("it says that MongoDB is away", lambda: "mongodb" in projector.reasons())
        assert projector.status("/livez") == 200
        own_mongod.start()
        wait_for("it has caught up", lambda: count_committed(settings) == len(before) + len(during))
        wait_for("it is ready again", projector.is_ready)

    assert stored(settings) == expected([*before, *during])


def test_mongodb_that_goes_away_while_there_is_nothing_to_do_shows_too(
    kafka_bootstrap: str, topics: str, own_mongod: Server, tmp_path: Path
) -> None:
    settings = settings_for(kafka_bootstrap, uri_of(own_mongod), topics, "klantcontact")

    with projector_process(settings, tmp_path) as projector:
        projector.server.wait_until_ready()
        own_mongod.stop()
        wait_for("it says that MongoDB is away", lambda: "mongodb" in projector.reasons())
        own_mongod.start()
        wait_for("it is ready again", projector.is_ready)


def test_it_can_start_before_mongodb_and_is_asked_to_end_before_it_came(
    kafka_bootstrap: str, topics: str, tmp_path: Path
) -> None:
    mongod = mongod_server(tmp_path / "mongod")
    settings = settings_for(kafka_bootstrap, uri_of(mongod), topics, "klantcontact")

    with projector_process(settings, tmp_path) as projector:
        wait_for("it says that MongoDB is away", lambda: "mongodb" in projector.reasons())
        projector.server.terminate()
        wait_for("it has ended", lambda: not projector.server.is_running)


def test_kafka_that_goes_away_is_waited_for(mongo_uri: str, database: str, own_kafka: Server, tmp_path: Path) -> None:
    settings = settings_for(own_kafka.address, mongo_uri, "away", database)
    before, after = history(0, 4), history(4, 8)
    publish(settings, before)

    with projector_process(settings, tmp_path) as projector:
        wait_for("everything is stored", lambda: stored(settings) == expected(before))
        own_kafka.stop()
        wait_for("it says that Kafka is away", lambda: "kafka" in projector.reasons())
        assert projector.status("/livez") == 200
        own_kafka.start()
        publish(settings, after)
        wait_for("the rest is stored too", lambda: stored(settings) == expected([*before, *after]))
        wait_for("it is ready again", projector.is_ready)


def test_a_batch_in_hand_is_finished_when_it_is_asked_to_end(settings: Settings, tmp_path: Path) -> None:
    events = [registered(f"c-{number}") for number in range(2_000)]
    publish(settings, events)

    # It asks itself, in the middle of a batch: one that the test asks may be through with all of them by then.
    patient, asked = settings.model_copy(update={"shutdown_seconds": 20}), struck_by(signal.SIGTERM)
    with ServiceProcess("projector", patient, tmp_path / "projector.log", program=asked) as projector:
        wait_for("it has ended", lambda: not projector.server.is_running)
        assert projector.wait() == 0

    written = len(next(iter(stored(settings).values())))
    assert 0 < written == count_committed(settings) < len(events)
