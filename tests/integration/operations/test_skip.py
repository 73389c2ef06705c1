"""A partition that stopped at a planted bug, on Apache Kafka and MongoDB: what goes on, `skip`, and the third start."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import MongoClient

from services.projector.mongo.writes import Collection
from services.runtime.settings import Settings
from services.runtime.stops.store import SKIPPED, STOPS
from tests.support.commands import run_command
from tests.support.contacts import contact_ended
from tests.support.kafka_tools import committed_offsets, make_topics, producer, read_settled
from tests.support.projector_examples import encoded, klantcontact_id, registered
from tests.support.projector_process import settings_for, stored
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

PROGRAM = (sys.executable, str(Path(__file__).parents[2] / "support" / "planted_bug.py"))

RUN = 10
"""`OWN_FAILURES_LIMIT` by default."""


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    made = settings_for(kafka_bootstrap, mongo_uri, topics, database)
    make_topics(kafka_bootstrap, *made.input_topics, made.dead_letter_topic, made.erased_topic, partitions=2)
    return made.model_copy(
        update={
            "classifier_group": f"{topics}-classifier",
            "sleutel": SecretStr("a key of the tests, thirty-two bytes"),
        }
    )


def start(service: str, settings: Settings, folder: Path, name: str = "first") -> ServiceProcess:
    return ServiceProcess(service, settings, folder / f"{service}-{name}.log", program=PROGRAM)


def publish(settings: Settings, topic: str, events: Sequence[dict[str, Any]], *, partition: int) -> None:
    sender = producer(settings.kafka_bootstrap)
    for event in events:
        sender.produce(topic, encoded(event), partition=partition)
    assert sender.flush(30) == 0


def committed(settings: Settings, group: str, topic: str) -> list[int]:
    return list(committed_offsets(settings.kafka_bootstrap, group=group, topic=topic, partitions=2))


def contents(settings: Settings, collection: str) -> list[dict[str, Any]]:
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        return list(client[settings.mongo_database][collection].find())


def header(headers: object, name: str) -> str:
    assert isinstance(headers, list)
    value: bytes = dict(headers)[name]
    return value.decode()


def kinds(settings: Settings) -> list[str]:
    """Return the kinds of the letters of what is handled."""
    letters = read_settled(settings.kafka_bootstrap, [settings.dead_letter_topic])
    return [header(each.headers(), "dlq_kind") for each in letters]


def contacts(*names: str) -> list[dict[str, Any]]:
    return [contact_ended(name) for name in names]


BUGS = [f"planted-bug-{number}" for number in range(RUN)]


def test_ten_contacts_that_meet_a_bug_stop_their_partition_only_and_skip_takes_it_over(
    settings: Settings, tmp_path: Path
) -> None:
    topic, group = settings.contact_topics[0], settings.classifier_group
    publish(settings, topic, contacts("c-1", *BUGS, "c-2"), partition=0)
    with start("classifier", settings, tmp_path) as classifier:
        wait_for("it stops", lambda: "service" in classifier.reasons())
        publish(settings, topic, contacts("c-3"), partition=1)
        wait_for("the other partition goes on", lambda: committed(settings, group, topic)[1] > 0)
        assert classifier.reasons()["service"].startswith(f"stopped at {topic}, partition 0, offset {RUN}, where our")
        assert classifier.measured("klantcontact_stopped") == {(): 1}
        assert kinds(settings) == ["interne_fout"] * (RUN - 1)

        doctor = run_command(settings, "doctor")
        assert f"`klantcontact skip {topic} 0 {RUN} --reason …`" in doctor.stdout
        refused = run_command(settings, "skip", topic, "0", "3", "--reason", "wrong offset")
        assert refused.returncode == 1
        assert f"These have stopped: {topic}, partition 0, offset {RUN}." in refused.stderr
        asked = run_command(settings, "skip", topic, "0", str(RUN), "--reason", "a test", "--json")
        assert (asked.returncode, json.loads(asked.stdout)["skip"]["reason"]) == (0, "a test")

        wait_for("it goes on", lambda: committed(settings, group, topic)[0] >= RUN + 2)
        wait_for("it is ready", classifier.is_ready)
        assert kinds(settings) == ["interne_fout"] * RUN
        wait_for("the stop is forgotten", lambda: contents(settings, STOPS) == [])

    (skipped,) = contents(settings, SKIPPED)
    assert (skipped["offset"], skipped["kind"], skipped["reason"]) == (RUN, "interne_fout", "a test")
    assert "@" in skipped["by"]
    assert [line["reason"] for line in classifier.log("record.skipped")] == ["a test"]


def test_the_third_start_of_a_classifier_skips_by_itself_and_a_rebalance_is_no_start(
    settings: Settings, tmp_path: Path
) -> None:
    topic, group = settings.contact_topics[0], settings.classifier_group
    publish(settings, topic, contacts(*BUGS, "c-2"), partition=0)
    with start("classifier", settings, tmp_path, "first") as first:
        wait_for("it stops", lambda: "service" in first.reasons())
        with start("classifier", settings, tmp_path, "second") as second:
            wait_for("it takes part", lambda: bool(second.log("partitions.assigned")))
            wait_for("one has stopped", lambda: "service" in {**first.reasons(), **second.reasons()})
        wait_for("the first has it again", lambda: "service" in first.reasons())
    before = contents(settings, STOPS)[0]["starts"]
    assert before <= 2, "at most one of each process"
    assert committed(settings, group, topic)[0] == RUN - 1
    for number in range(before, 3):
        with start("classifier", settings, tmp_path, f"start-{number}") as again:
            if number < 2:
                wait_for("it stops again", lambda: "service" in again.reasons())
            else:
                wait_for("it goes on", lambda: committed(settings, group, topic)[0] >= RUN + 1)
    assert kinds(settings) == ["interne_fout"] * RUN
    assert [each["by"] for each in contents(settings, SKIPPED)] == ["klantcontact"]


def test_an_event_at_which_the_projector_stopped_is_skipped_and_a_rebuild_passes_over_it(
    settings: Settings, tmp_path: Path
) -> None:
    topic, group = settings.registered_topic, settings.projector_group
    broken = registered("c-2", fields={"nummer": "van Sam Jansen"})
    publish(settings, topic, [registered("c-1"), broken, registered("c-3")], partition=0)
    with start("projector", settings, tmp_path) as projector:
        wait_for("it stops", lambda: "service" in projector.reasons())
        assert committed(settings, group, topic) == [1, 0]
        assert run_command(settings, "rebuild").returncode == 1
        asked = run_command(settings, "skip", topic, "0", "1", "--reason", "a test")
        assert asked.returncode == 0, asked.stderr
        publish(settings, topic, [registered("c-4")], partition=0)
        wait_for("it goes on", lambda: committed(settings, group, topic) == [4, 0])
        wait_for("it is ready", projector.is_ready)
        rebuilt = run_command(settings, "rebuild", "--json")
        assert (rebuilt.returncode, json.loads(rebuilt.stdout)["passedOver"]) == (0, {"skipped": 1}), rebuilt.stderr

    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id(f"c-{each}") for each in (1, 3, 4)}
    assert "the register lacks 1 event" in run_command(settings, "doctor").stdout
    assert "Jansen" not in projector.said() + str(contents(settings, SKIPPED))


def test_the_third_start_of_a_projector_skips_by_itself(settings: Settings, tmp_path: Path) -> None:
    topic, group = settings.registered_topic, settings.projector_group
    publish(settings, topic, [registered("planted-bug"), registered("c-3")], partition=0)
    for number in range(2):
        with start("projector", settings, tmp_path, f"start-{number}") as projector:
            wait_for("it stops", lambda: "service" in projector.reasons())
            assert committed(settings, group, topic) == [0, 0]
    with start("projector", settings, tmp_path, "third") as projector:
        wait_for("it goes on", lambda: committed(settings, group, topic) == [2, 0])
        wait_for("it is ready", projector.is_ready)
    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-3")}
    assert [(each["offset"], each["by"]) for each in contents(settings, SKIPPED)] == [(0, "klantcontact")]

    # The command has not the bug, as a later release has not.
    rebuilt = run_command(settings, "rebuild", "--accept-differences", "--json")
    assert (rebuilt.returncode, json.loads(rebuilt.stdout)["passedOver"]) == (0, {}), rebuilt.stderr
    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id("planted-bug"), klantcontact_id("c-3")}
    assert contents(settings, SKIPPED) == []
