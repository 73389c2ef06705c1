"""The projector as the process that an operator runs, and what stands in the database after it."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient

from services.local.network import HOST, free_port
from services.local.process import Server
from services.local.system import COMMAND
from services.projector.facts import Fact
from services.projector.writes import SINCE, Collection
from services.runtime.settings import Settings
from tests.fakes.projector_store import FakeRegister
from tests.kafka_tools import committed_offsets, make_topics, producer
from tests.projector_examples import Event, encoded, fact

Documents = Mapping[Collection, Mapping[str, Event]]

PARTITIONS = 2
WAIT_SECONDS = 60.0
ANSWER_SECONDS = 5


def settings_for(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    """Give settings with topics, a group and a database of their own, and make the topics."""
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        registered_topic=f"{topics}.klantcontact.registered",
        confidential_topic=f"{topics}.klantcontact.registered.vertrouwelijk",
        taak_topic=f"{topics}.taak.created",
        projector_group=f"{topics}-projector",
        session_timeout_ms=3_000,
        batch_size=20,
        log_format="json",
    )
    make_topics(kafka_bootstrap, *outputs_of(settings), partitions=PARTITIONS)
    return settings


def outputs_of(settings: Settings) -> Sequence[str]:
    """Give the topics that the projector reads."""
    return settings.registered_topic, settings.confidential_topic, settings.taak_topic


class ProjectorProcess:
    """One instance. Use as a context manager: started on entry, without waiting; stopped on exit."""

    def __init__(self, settings: Settings, folder: Path, name: str = "projector") -> None:
        port = free_port()
        environment = {**os.environ, **settings.environment()}
        environment |= {"KLANTCONTACT_HEALTH_HOST": HOST, "KLANTCONTACT_HEALTH_PORT": str(port)}
        self.server = Server(
            name=name,
            port=port,
            command=[*COMMAND, "run", "projector"],
            log_file=folder / f"{name}.log",
            is_ready=lambda _: self.status("/readyz") == 200,
            environment=environment,
        )

    def __enter__(self) -> Self:
        self.server.spawn()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def status(self, path: str) -> int:
        """Give the status of an answer; 0 while nobody answers."""
        return self._ask(path)[0]

    def reasons(self) -> Mapping[str, str]:
        """Give what readiness says is not well."""
        body = self._ask("/readyz")[1]
        reasons: Mapping[str, str] = json.loads(body)["reasons"] if body else {}
        return reasons

    def log(self) -> list[Event]:
        """Give the lines of the log."""
        lines = self.server.log_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _ask(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://{self.server.address}{path}", timeout=ANSWER_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (urllib.error.URLError, OSError):
            return 0, b""


def topic_of(settings: Settings, event: Event) -> str:
    """Tell where the classifier would publish an event."""
    if "taak" in event["type"]:
        return settings.taak_topic
    confidential = event["data"].get("klantcontact", {}).get("vertrouwelijk", False)
    return settings.confidential_topic if confidential else settings.registered_topic


def publish(settings: Settings, events: Iterable[Event]) -> None:
    """Publish events where they belong; each to the partition of its subject, as the classifier does."""
    sender = producer(settings.kafka_bootstrap)
    for event in events:
        sender.produce(topic_of(settings, event), key=event["subject"].encode(), value=encoded(event))
        sender.poll(0)
    assert sender.flush(WAIT_SECONDS) == 0


def count_committed(settings: Settings) -> int:
    """Tell how many records the group has committed, of topics without gaps.

    Not for a broker that has just started: librdkafka 2.16 crashes when it is asked before the group has a coordinator.
    """
    group = settings.projector_group
    return sum(
        sum(committed_offsets(settings.kafka_bootstrap, group=group, topic=topic, partitions=PARTITIONS))
        for topic in outputs_of(settings)
    )


def wait_until(what: str, condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {seconds} s"
        time.sleep(0.05)


def stored(settings: Settings) -> Documents:
    """Give everything that stands in the collections, without the moments of `vervallen`."""
    with MongoClient[dict[str, Any]](settings.mongo_uri, tz_aware=True) as client:
        database = client[settings.mongo_database]
        return {
            collection: {each["_id"]: _without_moment(each) for each in database[collection].find()}
            for collection in Collection
        }


def expected(events: Iterable[Event]) -> Documents:
    """Give what must stand there when each event has been projected, in this order."""
    fake = FakeRegister()
    facts: list[Fact] = [fact(event) for event in events]
    fake.merge(facts)
    return {
        collection: {identifier: _without_moment(each) for identifier, each in there.items()}
        for collection, there in fake.contents().items()
    }


def _without_moment(document: Event) -> Event:
    return {name: value for name, value in document.items() if name != SINCE}
