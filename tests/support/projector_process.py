"""The projector as the process that an operator runs, and the documents that it stores."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from services.projector.events import Fact
from services.projector.mongo.writes import SINCE, Collection
from services.runtime.settings import Settings
from tests.fakes.projector_store import FakeRegister
from tests.support.kafka_tools import BROKER_DATES, committed_offsets, make_topics, producer, topic_names
from tests.support.projector_examples import Event, encoded, fact
from tests.support.service_process import ServiceProcess

Documents = Mapping[Collection, Mapping[str, Event]]

PARTITIONS = 2
WAIT_SECONDS = 60.0


def settings_for(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, clock: Mapping[str, str] = BROKER_DATES
) -> Settings:
    """Return settings with topics, a group and a database of their own, and make the topics."""
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        projector_group=f"{topics}-projector",
        session_timeout_ms=3_000,
        projector_batch_size=20,
        log_format="json",
        **topic_names(topics),
    )
    make_topics(kafka_bootstrap, *outputs_of(settings), partitions=PARTITIONS, configuration=clock)
    make_topics(kafka_bootstrap, settings.audit_topic)
    return settings


def outputs_of(settings: Settings) -> Sequence[str]:
    """Return the topics that the projector reads."""
    return settings.output_topics


def projector_process(settings: Settings, folder: Path, name: str = "projector") -> ServiceProcess:
    """Return an instance, not yet started."""
    return ServiceProcess("projector", settings, folder / f"{name}.log")


def topic_of(settings: Settings, event: Event) -> str:
    """Return where the classifier would publish an event."""
    data = event["data"]
    if "taak" in event["type"]:
        apart = data.get("interneTaak", {}).get("vertrouwelijk", False)
        return settings.confidential_taak_topic if apart else settings.taak_topic
    apart = data.get("klantcontact", {}).get("vertrouwelijk", False)
    return settings.confidential_topic if apart else settings.registered_topic


def publish(settings: Settings, events: Iterable[Event]) -> None:
    """Publish events where they belong; each to the partition of its subject, as the classifier does."""
    sender = producer(settings.kafka_bootstrap)
    for event in events:
        sender.produce(topic_of(settings, event), key=event["subject"].encode(), value=encoded(event))
        sender.poll(0)
    assert sender.flush(WAIT_SECONDS) == 0


def count_committed(settings: Settings) -> int:
    """Return how many records the group has committed, of topics without gaps."""
    group = settings.projector_group
    return sum(
        sum(committed_offsets(settings.kafka_bootstrap, group=group, topic=topic, partitions=PARTITIONS))
        for topic in outputs_of(settings)
    )


def stored(settings: Settings) -> Documents:
    """Return every document of the collections, without the moments of `vervallen`."""
    with MongoClient[dict[str, Any]](settings.mongo_uri, tz_aware=True) as client:
        database = client[settings.mongo_database]
        return {
            collection: {each["_id"]: _without_moment(each) for each in database[collection].find()}
            for collection in Collection
        }


def expected(events: Iterable[Event]) -> Documents:
    """Return the documents after projecting these events in this order."""
    fake = FakeRegister()
    facts: list[Fact] = [fact(event) for event in events]
    fake.merge(facts)
    return {
        collection: {identifier: _without_moment(each) for identifier, each in there.items()}
        for collection, there in fake.contents().items()
    }


def _without_moment(document: Event) -> Event:
    return {name: value for name, value in document.items() if name != SINCE}
