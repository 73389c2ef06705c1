"""The peers as contestants beside the classifier and the projector."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pymongo import MongoClient

from services.local.servers.network import HOST, free_port
from services.projector.mongo.layout import INDEXES
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from tests.benchmarks.contest import Contestant
from tests.benchmarks.contestants import Contestants
from tests.benchmarks.figures import Run
from tests.benchmarks.peers.fetched import SOURCES, jars, java, python
from tests.benchmarks.product import Services
from tests.benchmarks.trees import ROOT
from tests.benchmarks.watch import Job, measure, measure_parts

STREAMS, QUIX, CONNECT = PEERS = ("Kafka Streams", "Quix Streams", "sink connector")

HEAP: Final = "-Xmx512m"
QUIET: Final = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"

COLLECTIONS: Final = (
    Collection.KLANTCONTACTEN,
    Collection.KLANTCONTACTEN_VERTROUWELIJK,
    Collection.INTERNE_TAKEN,
    Collection.INTERNE_TAKEN_VERTROUWELIJK,
)
"""Of the connector: one for each topic. It can't take partijen out of events."""

WORKER: Final = """\
bootstrap.servers={bootstrap}
listeners=http://{host}:{port}
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename={folder}/{name}.offsets
offset.flush.interval.ms=500
consumer.isolation.level=read_committed
consumer.max.poll.records={batch}
plugin.discovery=only_scan
"""

SINK: Final = """\
name={name}
connector.class=com.mongodb.kafka.connect.MongoSinkConnector
tasks.max=1
topics={topics}
connection.uri={mongo_uri}
database={name}
max.batch.size={batch}
document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.PartialValueStrategy
document.id.strategy.partial.value.projection.type=AllowList
document.id.strategy.partial.value.projection.list=subject
writemodel.strategy=com.mongodb.kafka.connect.sink.writemodel.strategy.ReplaceOneDefaultStrategy
"""


class Peers:
    """All of them, on the servers and topics of the other contestants."""

    def __init__(self, contestants: Contestants) -> None:
        self._contestants = contestants
        self._ground = contestants.ground

    def of_contacts(self) -> Mapping[str, Contestant]:
        """Return those that do the classifier's job, by name."""
        return {STREAMS: self._streams, QUIX: self._quix}

    def of_events(self) -> Mapping[str, Contestant]:
        """Return the one that stores events, by name."""
        return {CONNECT: self._connect}

    def _streams(self, run: str) -> Mapping[str, Run]:
        """Run it over contacts until it is warm. Its first events count from its first commit."""
        command = [java(), HEAP, QUIET, "-cp", jars("streams"), "Peer"]
        many = self._contestants.many
        services = self._contestants.services(run, many)
        job = self._job(STREAMS, command, services)
        first, _, warm = measure_parts(self._ground, job, [0.001, 1 / 3, 2 / 3, 1.0])
        services.forget()
        return {
            f"{STREAMS}, first": replace(first, name=f"{STREAMS}, first"),
            f"{STREAMS}, warm": replace(warm, name=f"{STREAMS}, warm"),
        }

    def _quix(self, run: str) -> Mapping[str, Run]:
        command = [python("quix"), str(SOURCES / "quix" / "peer.py")]
        services = self._contestants.services(run, self._contestants.contacts)
        job = self._job(QUIX, command, services)
        shown = measure(self._ground, replace(job, environment={"PYTHONPATH": str(ROOT)}))
        services.forget()
        return {QUIX: replace(shown, name=QUIX)}

    def _job(self, name: str, command: list[str], services: Services) -> Job:
        """Return a peer as a job that takes the same arguments as the other."""
        services.make_topics(partitions=self._contestants.options.partitions)
        folder = self._ground.folder / services.name
        folder.mkdir()
        places = [self._ground.bootstrap, services.name, str(folder)]
        return Job(
            name=name,
            command=[*command, *places, *services.contacts.topics, *services.answers],
            group=services.name,
            filled=services.contacts,
            folder=folder,
        )

    def _connect(self, run: str) -> Mapping[str, Run]:
        """Run it over the events that the projector reads. Each becomes the document of its subject."""
        published = self._contestants.published
        self._make_indexes(run)
        topics = dict(zip(published.topics, COLLECTIONS, strict=True))
        values = {
            "name": run,
            "bootstrap": self._ground.bootstrap,
            "mongo_uri": self._ground.mongo_uri,
            "host": HOST,
            "port": free_port(),
            "folder": self._ground.folder,
            "batch": self._contestants.batch("projector_batch_size"),
            "topics": ",".join(topics),
        }
        places = "".join(f"topic.override.{topic}.collection={place}\n" for topic, place in topics.items())
        worker = self._write(f"{run}-worker.properties", WORKER.format(**values))
        sink = self._write(f"{run}-sink.properties", SINK.format(**values) + places)
        job = Job(
            name=CONNECT,
            command=[
                *(java(), HEAP, QUIET, "-cp", jars("connect")),
                *("org.apache.kafka.connect.cli.ConnectStandalone", str(worker), str(sink)),
            ],
            group=f"connect-{run}",
            filled=published,
            folder=self._ground.folder,
        )
        shown = measure(self._ground, job)
        self._ground.forget(database=run)
        return {CONNECT: replace(shown, name=CONNECT)}

    def _make_indexes(self, database: str) -> None:
        """Make the projector's indexes on the same fields, which stand under `data` here."""
        with MongoClient[Document](self._ground.mongo_uri) as client:
            for collection in COLLECTIONS:
                for index in INDEXES[collection]:
                    keys = [(f"data.{name}", order) for name, order in index.document["key"].items()]
                    client[database][collection].create_index(keys)

    def _write(self, name: str, text: str) -> Path:
        file = self._ground.folder / name
        file.write_text(text, encoding="utf-8")
        return file
