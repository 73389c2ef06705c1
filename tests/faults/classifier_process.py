"""The classifier as processes of their own, a stream of contacts for them, and what must become of each contact."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, Message
from pydantic import SecretStr
from pymongo import MongoClient

from services.classifier.mongo.register import BESLUITEN
from services.local.system import COMMAND
from services.runtime.settings import Settings
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import (
    BROKER_DATES,
    committed_offsets,
    holds_readers_up,
    make_topics,
    producer,
    read_committed,
    topic_names,
)
from tests.support.sealed import values_of
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

PARTITIONS = 4


class ClassifierProcess(ServiceProcess):
    """One instance, and which partitions it holds."""

    def __init__(self, service: str, settings: Settings, log_file: Path, *, program: Sequence[str] = COMMAND) -> None:
        super().__init__(service, settings, log_file, program=program)
        self.contact_topic = settings.contact_topics[0]

    def assigned(self) -> list[int]:
        """Return the partitions of contacts in the last assignment."""
        assignments = self.log("partitions.assigned")
        found: list[int] = assignments[-1]["partitions"].get(self.contact_topic, []) if assignments else []
        return found

    def wait_until_assigned(self, partitions: int) -> None:
        """Wait until it holds so many partitions."""
        wait_for(f"{partitions} partitions are assigned", lambda: len(self.assigned()) == partitions)


@dataclass
class World:
    """The servers, the topics of one test, and the contacts that Kafka has acknowledged."""

    settings: Settings
    folder: Path
    acknowledged: list[str] = field(default_factory=list)
    processes: list[ClassifierProcess] = field(default_factory=list)

    def start(self, settings: Settings | None = None, *, program: Sequence[str] = COMMAND) -> ClassifierProcess:
        """Start an instance, with other settings or another program than those of this world."""
        log_file = self.folder / f"classifier-{len(self.processes)}.log"
        process = ClassifierProcess("classifier", settings or self.settings, log_file, program=program)
        process.server.spawn()
        self.processes.append(process)
        return process

    def publish(self, number: int) -> None:
        """Publish so many contacts, each of a stranger to call back."""
        before = len(self.acknowledged)
        with self.stream(per_second=0) as load:
            load.publish(number)
        assert len(self.acknowledged) == before + number

    @contextmanager
    def stream(self, *, per_second: int) -> Iterator["Load"]:
        """Publish without pause within the block."""
        load = Load(self, per_second)
        load.start()
        try:
            yield load
        finally:
            load.stop()

    def recorded(self) -> int:
        """Count the decision records."""
        with MongoClient[dict[str, Any]](self.settings.mongo_uri) as client:
            return client[self.settings.mongo_database][BESLUITEN].count_documents({})

    def committed(self) -> int:
        """Count the records of the input that are committed as handled."""
        topic, group = self.settings.contact_topics[0], self.settings.classifier_group
        return sum(committed_offsets(self.settings.kafka_bootstrap, group=group, topic=topic, partitions=PARTITIONS))

    def received(self) -> list[str]:
        """Return the contacts that the input holds, in which everything that was acknowledged has to be.

        A publisher whose broker is killed does not know what of its last records arrived. What it sends again can stand
        there twice, and what it gave up once.
        """
        messages = read_committed(self.settings.kafka_bootstrap, [self.settings.contact_topics[0]])
        received = [_contact_of(message.value() or b"") for message in messages]
        assert set(self.acknowledged) <= set(received), "Kafka keeps what it has acknowledged"
        return received

    def wait_until_handled(self) -> None:
        """Wait until all that the input holds is committed as handled, and what came of it can be read."""
        number = len(self.received())
        wait_for("everything is handled", lambda: self.committed() == number)
        kafka, outputs = self.settings.kafka_bootstrap, list(self._outputs)
        wait_for("everything can be read", lambda: not holds_readers_up(kafka, outputs))

    def outcomes(self) -> Counter[tuple[str, str]]:
        """Count what a committed reader sees, by topic and contact."""
        messages = read_committed(self.settings.kafka_bootstrap, list(self._outputs))
        return Counter(
            (self._outputs[message.topic() or ""], _contact_of(value))
            for message, value in zip(messages, values_of(self.settings, messages), strict=True)
        )

    @property
    def _outputs(self) -> Mapping[str, str]:
        """The short name of each output topic."""
        return {
            self.settings.registered_topic: "registered",
            self.settings.taak_topic: "taak",
            self.settings.dead_letter_topic: "dead letter",
        }

    def expected(self) -> Counter[tuple[str, str]]:
        """Return what a committed reader must see: a klantcontact and an interne taak for each contact."""
        return Counter((topic, contact_id) for contact_id in self.received() for topic in ("registered", "taak"))


class Load(threading.Thread):
    """Publishes contacts one after another."""

    def __init__(self, world: World, per_second: int) -> None:
        super().__init__(daemon=True)
        self._world = world
        self._per_second = per_second
        self._stopped = threading.Event()
        self._producer = producer(world.settings.kafka_bootstrap, idempotent=True)
        self._numbers = count(len(world.acknowledged))

    def run(self) -> None:
        """Publish until stopped."""
        while self._per_second and not self._stopped.wait(0.05):
            self.publish(self._per_second // 20)

    def publish(self, number: int) -> None:
        """Publish some now."""
        for _ in range(number):
            contact_id = f"c-{next(self._numbers)}"
            self._producer.produce(
                self._world.settings.contact_topics[0],
                value=encoded(contact_ended(contact_id)),
                key=contact_id.encode(),
                on_delivery=partial(self._note, contact_id),
            )
        self._producer.poll(0)

    def stop(self) -> None:
        """Stop, and wait until the broker has acknowledged or refused everything."""
        self._stopped.set()
        if self.is_alive():
            self.join()
        assert self._producer.flush(60) == 0

    def _note(self, contact_id: str, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self._world.acknowledged.append(contact_id)


def _contact_of(value: bytes) -> str:
    data = json.loads(value)["data"]
    contact_id: str = data["herkomst"]["contactId"] if "herkomst" in data else data["contactId"]
    return contact_id


@contextmanager
def world_on(
    *, kafka: str, mongo: str, name: str, database: str, folder: Path, clock: Mapping[str, str] = BROKER_DATES
) -> Iterator[World]:
    """A world of its own on these servers; at the end every process of it is killed, also a paused one."""
    settings = Settings(
        kafka_bootstrap=kafka,
        mongo_uri=mongo,
        mongo_database=database,
        classifier_group=f"{name}-classifier",
        sleutel=SecretStr("a key of the tests, thirty-two bytes"),
        batch_size=50,
        # As short as Kafka's heartbeats bear; the brokers of the tests take a second.
        session_timeout_ms=2_000,
        shutdown_seconds=5,
        log_format="json",
        **topic_names(name),
    )
    make_topics(kafka, *settings.topics, partitions=PARTITIONS, configuration=clock)
    make_topics(kafka, settings.audit_topic)
    world = World(settings, folder)
    try:
        yield world
    finally:
        for process in world.processes:
            process.server.kill()
