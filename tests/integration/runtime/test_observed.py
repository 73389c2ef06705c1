"""What an operator sees of a service that runs: the facts of readiness, and how far behind it is."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from services.runtime.settings import Settings
from tests.faults.classifier_process import PARTITIONS, world_on
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


def test_the_projector_shows_what_it_has_and_that_it_is_not_behind(settings: Settings, tmp_path: Path) -> None:
    publish(settings, [registered(f"c-{number}") for number in range(30)])
    # As the classifier does: what a transaction ends with is no record, and nothing that is not handled.
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
        expected = [(world.settings.contact_topic, str(number), 0.0) for number in range(PARTITIONS)]
        wait_for("it is not behind", lambda: _lags(process) == expected)
        facts = process.facts()

    assert facts["kafka"]["assigned"] == {world.settings.contact_topic: [0, 1, 2, 3]}
    assert facts["producers"] == {"ready": PARTITIONS, "taking_over": 0}


def test_a_partition_that_goes_to_another_instance_leaves_the_metrics_of_the_first(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        first = world.start()
        wait_for("it has all of them", lambda: len(_lags(first)) == PARTITIONS)
        world.start()
        wait_for("it has half of them", lambda: len(_lags(first)) == PARTITIONS // 2)
