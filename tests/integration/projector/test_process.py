"""The projector as a process on Apache Kafka and MongoDB."""

import random
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from services.projector.mongo.writes import Collection
from services.runtime.settings import Settings
from tests.support.kafka_tools import committed_offsets
from tests.support.projector_examples import encoded, klantcontact_id, registered
from tests.support.projector_process import (
    WAIT_SECONDS,
    count_committed,
    expected,
    projector_process,
    publish,
    settings_for,
    stored,
)
from tests.support.projector_scenario import scenario
from tests.support.waiting import wait_for


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return settings_for(kafka_bootstrap, mongo_uri, topics, database)


def test_everything_twice_and_shuffled_ends_in_the_same_documents(settings: Settings, tmp_path: Path) -> None:
    events = [event for number in range(15) for batch in scenario(f"-{number}") for event in batch]
    shuffled = [*events, *events]
    random.Random(5).shuffle(shuffled)
    publish(settings, shuffled)

    with projector_process(settings, tmp_path) as projector:
        wait_for("everything is committed", lambda: count_committed(settings) == len(shuffled))
        projector.server.wait_until_ready()

    assert stored(settings) == expected(events)


def test_an_event_that_its_publisher_never_committed_is_not_projected(settings: Settings, tmp_path: Path) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap, "transactional.id": settings.projector_group})
    publisher.init_transactions(WAIT_SECONDS)
    for contact, is_meant in (("c-1", False), ("c-2", True)):
        publisher.begin_transaction()
        publisher.produce(settings.registered_topic, encoded(registered(contact)), partition=0)
        if is_meant:
            publisher.commit_transaction(WAIT_SECONDS)
        else:
            # An event that is aborted before it reaches the broker would prove nothing.
            assert publisher.flush(WAIT_SECONDS) == 0
            publisher.abort_transaction(WAIT_SECONDS)

    with projector_process(settings, tmp_path):
        wait_for("what is committed is stored", lambda: bool(stored(settings)[Collection.KLANTCONTACTEN]))

    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-2")}


def test_headers_that_are_not_text_lose_no_event(settings: Settings, tmp_path: Path) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    headers: list[tuple[str, str | bytes | None]] = [("traceparent", b"\xff\xfe"), ("empty", None)]
    publisher.produce(settings.registered_topic, encoded(registered("c-1")), headers=headers)
    assert publisher.flush(WAIT_SECONDS) == 0

    with projector_process(settings, tmp_path):
        wait_for("it is committed", lambda: count_committed(settings) == 1)

    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-1")}


def test_records_that_retention_removed_are_reported_and_the_rest_is_projected(
    settings: Settings, tmp_path: Path
) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    for batch in (["c-1"], ["c-2", "c-3"]):
        for contact in batch:
            publisher.produce(settings.registered_topic, encoded(registered(contact)), partition=0)
        assert publisher.flush(WAIT_SECONDS) == 0
        if batch == ["c-1"]:
            with projector_process(settings, tmp_path):
                wait_for("the first is committed", lambda: count_committed(settings) == 1)
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
    for deletion in admin.delete_records([TopicPartition(settings.registered_topic, 0, 2)]).values():
        deletion.result(WAIT_SECONDS)

    with projector_process(settings, tmp_path, "second") as projector:
        wait_for("the last is committed", lambda: count_committed(settings) == 3)
        measured = projector.measured("klantcontact_records_missing_total")

    missing = [
        (line["level"], line["topic"], line["partition"], line["next_offset"])
        for line in projector.log("records.missing")
    ]
    assert missing == [("error", settings.registered_topic, 0, 1)]
    assert measured == {(): 1}
    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-1"), klantcontact_id("c-3")}


def test_an_event_that_cant_be_projected_stops_the_projector_there_and_it_reports_so(
    settings: Settings, tmp_path: Path
) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    wrong = registered("c-2", fields={"nummer": "van Sam Jansen"})
    for event in (registered("c-1"), wrong, registered("c-3")):
        publisher.produce(settings.registered_topic, encoded(event), partition=1)
    assert publisher.flush(WAIT_SECONDS) == 0

    with projector_process(settings, tmp_path) as projector:
        wait_for("it stops", lambda: "service" in projector.reasons())
        reason = "nl.klantinteracties.klantcontact.registered.data.klantcontact.nummer: string_pattern_mismatch"

        place = f"{settings.registered_topic}, partition 1, offset 1"
        assert projector.reasons() == {"service": f"stopped at {place}, which can't be projected: {reason}"}
        assert projector.status("/livez") == 200
        assert projector.status("/readyz") == 503
        assert projector.server.is_running

    # The next instance comes to the same event.
    committed = committed_offsets(
        settings.kafka_bootstrap, group=settings.projector_group, topic=settings.registered_topic, partitions=2
    )
    assert committed == [0, 1]
    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-1")}
    stops = [line for line in projector.log() if line["event"] == "projector.stopped"]
    assert [(line["topic"], line["partition"], line["offset"], line["reasons"]) for line in stops] == [
        (settings.registered_topic, 1, 1, [reason])
    ]
    assert "Jansen" not in projector.server.log_file.read_text()
    assert "process.asked_to_end" in {line["event"] for line in projector.log()}
