"""A running service as an operator sees it: the facts of readiness, and how far behind it is."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from services.runtime.settings import Settings
from tests.faults.classifier_process import PARTITIONS, world_on
from tests.support.contacts import contact_ended
from tests.support.contacts import encoded as encoded_contact
from tests.support.kafka_tools import PUBLISHER_DATES, give_brokers_clock, open_transaction, publish_values
from tests.support.projector_examples import encoded, registered, taak_created
from tests.support.projector_process import (
    WAIT_SECONDS,
    count_committed,
    outputs_of,
    projector_process,
    publish,
    settings_for,
)
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for


def _lags(process: ServiceProcess) -> list[tuple[str, str, float]]:
    return sorted((topic, number, lag) for (number, topic), lag in process.measured("klantcontact_lag_records").items())


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return settings_for(kafka_bootstrap, mongo_uri, topics, database)


def test_the_projector_shows_its_partitions_and_that_it_is_not_behind(settings: Settings, tmp_path: Path) -> None:
    publish(settings, [registered(f"c-{number}") for number in range(30)])
    # As the classifier does: the marker at the end of a transaction is not a record that waits to be handled.
    _publish_in_a_transaction(settings)
    expected = [(topic, str(number), 0.0) for topic in sorted(outputs_of(settings)) for number in range(2)]

    with projector_process(settings, tmp_path) as projector:
        wait_for("everything is committed", lambda: count_committed(settings) >= 31)
        wait_for("it is ready", projector.is_ready)
        wait_for("it is not behind", lambda: _lags(projector) == expected)
        facts = projector.facts()
        ready = projector.measured("klantcontact_ready")
        stored = projector.measured("klantcontact_decided_to_stored_seconds_count")

    assert facts["kafka"]["assigned"] == {topic: [0, 1] for topic in outputs_of(settings)}
    assert facts["kafka"]["lag_records"] == 0
    assert facts["mongodb"]["primary"].startswith("127.0.0.1:")
    assert (ready, stored) == ({(): 1.0}, {(): 31.0})


def _publish_in_a_transaction(settings: Settings) -> None:
    sender = Producer({"bootstrap.servers": settings.kafka_bootstrap, "transactional.id": settings.projector_group})
    sender.init_transactions(WAIT_SECONDS)
    sender.begin_transaction()
    sender.produce(settings.taak_topic, value=encoded(taak_created("c-1")), partition=0)
    sender.commit_transaction(WAIT_SECONDS)


def test_the_classifier_shows_the_writers_of_its_partitions_too(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        world.publish(50)
        process = world.start()
        expected = [(topic, str(each), 0.0) for topic in world.settings.input_topics for each in range(PARTITIONS)]
        wait_for("it is not behind", lambda: _lags(process) == expected)
        # A partition without records is not behind while its writer still takes it over.
        all_ready = {"ready": len(expected), "taking_over": 0}
        wait_for("every writer is ready", lambda: process.facts().get("producers") == all_ready)
        facts = process.facts()

    assert facts["kafka"]["assigned"] == {each: [0, 1, 2, 3] for each in world.settings.input_topics}


def test_a_partition_that_goes_to_another_instance_leaves_the_metrics_of_the_first(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        number = len(world.settings.input_topics) * PARTITIONS
        first = world.start()
        wait_for("it has all of them", lambda: len(_lags(first)) == number)
        world.start()
        wait_for("it has half of them", lambda: len(_lags(first)) == number // 2)


# An open transaction of a client --------------------------------------------------------------------------------------


def _waits(process: ServiceProcess) -> list[tuple[str, int]] | None:
    """Return where readiness says that records wait for a transaction; None without an answer."""
    kafka = process.facts().get("kafka")
    return None if kafka is None else [(each["topic"], each["partition"]) for each in kafka["open_transactions"]]


def _is_not_behind(process: ServiceProcess) -> bool:
    return process.facts().get("kafka", {}).get("lag_records") == 0


def _ages(process: ServiceProcess, name: str, topic: str) -> float:
    """Return an age in partition 0; -1 without an answer."""
    return process.measured(name).get(("0", topic), -1.0)


def test_the_classifier_reports_contacts_behind_an_open_transaction_until_it_ends(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    own = {"kafka": kafka_bootstrap, "mongo": mongo_uri, "name": topics, "database": database}
    with world_on(**own, folder=tmp_path, clock=PUBLISHER_DATES) as world:
        topic = world.settings.contact_topics[0]
        contacts = [encoded_contact(contact_ended(f"c-{number}")) for number in range(4)]
        with open_transaction(kafka_bootstrap, topic, contacts[0], seconds_ago=120, committed=True):
            give_brokers_clock(kafka_bootstrap, *world.settings.topics)
            publish_values(kafka_bootstrap, topic, contacts[1:], partition=0)
            process = world.start()
            wait_for("it tells of it", lambda: process.is_ready() and _waits(process) == [(topic, 0)])
            [told] = process.facts()["kafka"]["open_transactions"]
            lags = _lags(process)
            first = _ages(process, "klantcontact_oldest_unprocessed_age_seconds", topic)
            wait_for(
                "it grows older",
                lambda: _ages(process, "klantcontact_oldest_unprocessed_age_seconds", topic) >= first + 4,
            )
            open_for = _ages(process, "klantcontact_open_transaction_age_seconds", topic)
            still_ready = process.is_ready()
        wait_for("all is handled", lambda: world.recorded() == 4)
        wait_for("it is not behind", lambda: {lag for *_, lag in _lags(process)} == {0.0})
        after = (_waits(process), _ages(process, "klantcontact_open_transaction_age_seconds", topic))

    since = (datetime.now(UTC) - datetime.fromisoformat(told["since"])).total_seconds()
    assert 120 < since < 240
    assert lags[0] == (topic, "0", 4.0)
    assert 120 < first < open_for < 240
    assert still_ready
    assert after == ([], 0.0)


def test_the_projector_reports_outputs_behind_an_open_transaction_until_it_ends(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    settings = settings_for(kafka_bootstrap, mongo_uri, topics, database, clock=PUBLISHER_DATES)
    topic, projector = settings.taak_topic, projector_process(settings, tmp_path)
    with ExitStack() as running:
        with open_transaction(kafka_bootstrap, topic, b"", seconds_ago=120):
            give_brokers_clock(kafka_bootstrap, *outputs_of(settings))
            publish_values(kafka_bootstrap, topic, [encoded(taak_created("c-1"))], partition=0)
            running.enter_context(projector)
            wait_for("it tells of it", lambda: projector.is_ready() and _waits(projector) == [(topic, 0)])
            lag, still_ready = projector.facts()["kafka"]["lag_records"], projector.is_ready()
        wait_for("it has gone", lambda: _waits(projector) == [] and _is_not_behind(projector))
        stored = projector.measured("klantcontact_decided_to_stored_seconds_count")

    assert (lag, still_ready, stored) == (2, True, {(): 1.0})
