"""Nobody speaks for another: each publisher has a topic of its own, and the policy says whose. On real servers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from tests.faults.classifier_process import PARTITIONS, World, world_on
from tests.support.contacts import Event, contact_ended, encoded
from tests.support.kafka_tools import (
    committed_offsets,
    holds_readers_up,
    make_topics,
    publish_values,
    read_committed,
)
from tests.support.waiting import wait_for

TELEFONIE = "urn:nld:oin:00000001823288444000:systeem:telefonie"
MAIL = "urn:nld:oin:00000001823288444000:systeem:mail"
HIGHEST = 2**53 - 1


class Town:
    """A topic for each of two systems, and a classifier that reads both."""

    def __init__(self, world: World, folder: Path) -> None:
        [self.mail] = world.settings.contact_topics
        self.telefonie = f"{self.mail}.telefonie"
        make_topics(world.settings.kafka_bootstrap, self.telefonie, partitions=PARTITIONS)
        self.beleid_file = folder / "beleid.toml"
        changes = {"contact_topics": (self.mail, self.telefonie), "beleid_file": self.beleid_file}
        self.settings = world.settings.model_copy(update=changes)
        self._sent = dict.fromkeys(self.settings.contact_topics, 0)
        self._world = world

    def start(self, policy: str) -> None:
        """Start the classifier."""
        self.beleid_file.write_text(policy)
        self._world.start(self.settings)

    def send(self, topic: str, *events: Event) -> None:
        """Write contacts to a topic, and wait until they are handled and what came of them can be read."""
        publish_values(self.settings.kafka_bootstrap, topic, [encoded(each) for each in events], partition=0)
        self._sent[topic] += len(events)
        wait_for(f"{topic} is handled", lambda: self._handled(topic) == self._sent[topic])
        kafka, made = self.settings.kafka_bootstrap, [self.settings.registered_topic, self.settings.dead_letter_topic]
        wait_for("what came of it can be read", lambda: not holds_readers_up(kafka, made))

    def _handled(self, topic: str) -> int:
        kafka, group = self.settings.kafka_bootstrap, self.settings.classifier_group
        return sum(committed_offsets(kafka, group=group, topic=topic, partitions=PARTITIONS))

    def outputs(self) -> list[tuple[str, str, int]]:
        """Return the kind, source and revisie of everything that a committed reader sees about a klantcontact."""
        return [
            (
                each["type"].rpartition("klantcontact.")[2],
                each["data"]["herkomst"]["source"],
                each["data"]["herkomst"]["revisie"],
            )
            for each in map(_body, read_committed(self.settings.kafka_bootstrap, [self.settings.registered_topic]))
        ]

    def letters(self) -> list[Message]:
        """Return the dead letters."""
        return read_committed(self.settings.kafka_bootstrap, [self.settings.dead_letter_topic])


def _body(message: Message) -> Any:  # noqa: ANN401 - JSON
    return json.loads(message.value() or b"")


def _contact(source: str, *, revisie: int = 1, kanaal: str = "telefoon") -> Event:
    event = contact_ended("c-1", revisie=revisie) | {"source": source}
    event["data"]["kanaal"] = kanaal
    return event


@pytest.fixture
def town(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[Town]:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        yield Town(world, tmp_path)


def test_who_forges_the_source_of_another_on_its_own_topic_is_refused_and_the_true_one_is_registered(
    town: Town,
) -> None:
    town.start(
        f'[bronnen."{TELEFONIE}"]\ntopics = ["{town.telefonie}"]\n'
        f'[bronnen."{MAIL}"]\ntopics = ["{town.mail}"]\nkanalen = ["mail"]\n'
    )
    town.send(town.telefonie, _contact(TELEFONIE))
    forged = _contact(TELEFONIE, revisie=HIGHEST, kanaal="mail")
    forged["data"]["totStandGekomen"] = False
    town.send(town.mail, forged, _contact("urn:made-up"), _contact(MAIL), _contact(MAIL, kanaal="mail"))
    town.send(town.telefonie, _contact(TELEFONIE, revisie=2))

    told = [dict(each.headers() or ()) for each in town.letters()]
    assert [each["dlq_kind"] for each in told] == [b"bron_niet_toegestaan"] * 3
    assert {each["dlq_topic"] for each in told} == {town.mail.encode()}
    places = [[fault["pad"] for fault in json.loads(each["dlq_faults"] or b"")] for each in told]
    assert sorted(places) == [[""], ["data.kanaal"], ["source"]]
    assert sorted(town.outputs()) == [
        ("registered", MAIL, 1),
        ("registered", TELEFONIE, 1),
        ("registered", TELEFONIE, 2),
    ]


def test_without_sources_in_the_policy_the_forged_revisie_withdraws_what_another_registered(town: Town) -> None:
    """The attack, so that the test above can fail."""
    town.start('versie = "zonder bronnen"\n')
    town.send(town.telefonie, _contact(TELEFONIE))
    forged = _contact(TELEFONIE, revisie=HIGHEST)
    forged["data"]["totStandGekomen"] = False
    town.send(town.mail, forged)
    town.send(town.telefonie, _contact(TELEFONIE, revisie=2))

    assert town.letters() == []
    assert sorted(town.outputs()) == [("registered", TELEFONIE, 1), ("withdrawn", TELEFONIE, HIGHEST)]
