"""The projector as a process on Apache Kafka and MongoDB."""

import random
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from services.projector.mongo.writes import Collection
from services.runtime.settings import Settings
from tests.support.kafka_tools import committed_offsets
from tests.support.projector_examples import encoded, klantcontact_id, registered, taak_created
from tests.support.projector_process import (
    PARTITIONS,
    WAIT_SECONDS,
    count_committed,
    expected,
    outputs_of,
    projector_process,
    publish,
    settings_for,
    stored,
)
from tests.support.projector_scenario import scenario
from tests.support.waiting import wait_for

PASSED_OVER = "klantcontact_passed_over_records_total"


def committed(settings: Settings) -> list[list[int]]:
    """Return the group's committed offset of each partition of each topic; 0 where there is none."""
    group, bootstrap = settings.projector_group, settings.kafka_bootstrap
    return [
        list(committed_offsets(bootstrap, group=group, topic=topic, partitions=PARTITIONS))
        for topic in outputs_of(settings)
    ]


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


def foreign_values() -> list[bytes | None]:
    """Return a value of each kind that our classifier does not write, and of each broken event of somebody else."""
    elsewhere = {"source": "urn:nld:oin:00000001003214345000:systeem:Jansen"}
    return [
        None,
        b"Sam Jansen",
        b'"Jansen"',
        encoded(registered("c-8") | {"type": "nl.Jansen"}),
        encoded(registered("c-8") | elsewhere),
        encoded(registered("c-8") | elsewhere | {"data": {}}),
    ]


def test_records_that_are_not_ours_are_passed_over_on_every_topic(settings: Settings, tmp_path: Path) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    events = {
        settings.registered_topic: registered("c-1"),
        settings.confidential_topic: registered("c-2", fields={"vertrouwelijk": True}),
        settings.taak_topic: taak_created("c-3"),
        settings.confidential_taak_topic: taak_created("c-2", fields={"vertrouwelijk": True}),
    }
    values = foreign_values()
    for topic, event in events.items():
        for value in (*values, encoded(event), None):
            publisher.produce(topic, value, partition=1)
    assert publisher.flush(WAIT_SECONDS) == 0

    with projector_process(settings, tmp_path) as projector:
        wait_for("everything is committed", lambda: count_committed(settings) == 4 * (len(values) + 2))
        projector.server.wait_until_ready()
        wait_for("it is counted", lambda: sum(projector.measured(PASSED_OVER).values()) == 4 * (len(values) + 1))
        counted = projector.measured(PASSED_OVER)

    assert stored(settings) == expected(events.values())
    for topic in events:
        by_reason = {reason: counted[reason, topic] for reason in ("no_value", "no_json", "other_type", "other_source")}
        assert by_reason == {"no_value": 2, "no_json": 1, "other_type": 2, "other_source": 2}
    logged = [(line["topic"], line["partition"], line["offset"]) for line in projector.log("projector.passed_over")]
    assert sorted(logged) == sorted((topic, 1, 0) for topic in events)
    assert "Jansen" not in projector.said()


def test_events_of_a_former_source_are_projected(settings: Settings, tmp_path: Path) -> None:
    before = "urn:nld:oin:00000001003214345000:systeem:klantcontact"
    publish(settings, [registered("c-1") | {"source": before}, registered("c-2")])

    with projector_process(settings.model_copy(update={"former_sources": before}), tmp_path):
        wait_for("both are committed", lambda: count_committed(settings) == 2)

    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-1"), klantcontact_id("c-2")}


def test_an_event_that_cant_be_projected_stops_its_partition_and_the_others_go_on(
    settings: Settings, tmp_path: Path
) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    wrong = registered("c-2", fields={"nummer": "van Sam Jansen"})
    for event in (registered("c-1"), wrong, registered("c-3")):
        publisher.produce(settings.registered_topic, encoded(event), partition=1)
    publisher.produce(settings.registered_topic, encoded(registered("c-4")), partition=0)
    assert publisher.flush(WAIT_SECONDS) == 0

    with projector_process(settings, tmp_path) as projector:
        wait_for("it stops", lambda: "service" in projector.reasons())
        # What comes after the stop: in its partition, in another of its topic, and on another topic.
        publisher.produce(settings.registered_topic, encoded(registered("c-5")), partition=1)
        publisher.produce(settings.registered_topic, encoded(registered("c-6")), partition=0)
        publisher.produce(settings.taak_topic, encoded(taak_created("c-7")), partition=1)
        assert publisher.flush(WAIT_SECONDS) == 0
        wait_for("the others go on", lambda: committed(settings) == [[2, 1], [0, 0], [0, 1], [0, 0]])
        reason = "nl.klantinteracties.klantcontact.registered.data.klantcontact.nummer: string_pattern_mismatch"

        place = f"{settings.registered_topic}, partition 1, offset 1"
        told = {"service": f"stopped at {place}, where our own code fails: {reason}"}
        wait_for("readiness says that alone", lambda: projector.reasons() == told)
        assert projector.status("/livez") == 200
        assert projector.status("/readyz") == 503
        assert projector.measured("klantcontact_stopped") == {(): 1}
        assert projector.server.is_running

    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id(f"c-{each}") for each in (1, 4, 6)}
    stops = projector.log("partition.stopped")
    assert [(line["topic"], line["partition"], line["offset"], line["reasons"]) for line in stops] == [
        (settings.registered_topic, 1, 1, [reason])
    ]
    assert "Jansen" not in projector.said()
    assert "process.asked_to_end" in {line["event"] for line in projector.log()}


def test_the_stop_goes_to_the_instance_that_gets_its_partition_and_to_no_other(
    settings: Settings, tmp_path: Path
) -> None:
    publisher = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    publisher.produce(settings.registered_topic, encoded(registered(fields={"nummer": "x"})), partition=0)
    assert publisher.flush(WAIT_SECONDS) == 0

    with projector_process(settings, tmp_path, "first") as first:
        wait_for("it stops", lambda: "service" in first.reasons())
        with projector_process(settings, tmp_path, "second") as second:
            wait_for(
                "one has stopped and the other is ready",
                lambda: sorted([first.status("/readyz"), second.status("/readyz")]) == [200, 503],
            )
            for contact in range(8):
                publisher.produce(
                    settings.confidential_topic, encoded(registered(f"c-{contact}")), partition=contact % 2
                )
            assert publisher.flush(WAIT_SECONDS) == 0
            wait_for("both go on", lambda: committed(settings) == [[0, 0], [4, 4], [0, 0], [0, 0]])
        wait_for("the first has it again", lambda: "service" in first.reasons())

    assert len(first.log("partition.stopped")) >= 2
    assert committed(settings)[0] == [0, 0]
