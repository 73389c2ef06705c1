"""A broker of Apache Kafka whose cleaner and retention look all the time, and topics that it cleans within seconds.

Segments are searched byte by byte, so they are not compressed, whatever the producer did.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.local.servers.kafka import kafka_server
from services.runtime.kafka.topics import topic_definitions
from services.runtime.settings import Settings
from tests.support.kafka_tools import make_topics

CONFIGURATION: Final = """\
log.cleaner.backoff.ms=200
log.retention.check.interval.ms=500
log.segment.delete.delay.ms=100
"""

QUICK: Final = {
    "segment.ms": "1000",
    "max.compaction.lag.ms": "1000",
    "min.compaction.lag.ms": "0",
    "file.delete.delay.ms": "100",
}
"""In place of hours. Everything else is as `klantcontact topics create` makes it."""


@dataclass(frozen=True)
class CleaningKafka:
    """A broker that runs, and its files."""

    address: str
    folder: Path

    def make_topics(self, settings: Settings) -> None:
        """Make the topics of these settings."""
        for definition in topic_definitions(settings):
            configuration = {**definition.configuration, "compression.type": "uncompressed"}
            if definition.configuration["cleanup.policy"] == "compact,delete":
                configuration |= QUICK
            make_topics(self.address, definition.name, partitions=definition.partitions, configuration=configuration)

    def found(self, marks: Sequence[str], topics: Sequence[str]) -> Mapping[str, set[str]]:
        """Return by topic which marks stand in any byte of its files. A topic without any is left out."""
        by_topic = {topic: bytes_of(topic, self.folder / "data") for topic in topics}
        found = {topic: {mark for mark in marks if mark.encode() in held} for topic, held in by_topic.items()}
        return {topic: marks for topic, marks in found.items() if marks}


def bytes_of(topic: str, data: Path) -> bytes:
    """Return every byte that a broker has of a topic in its data folder.

    A look during which the broker takes a file away starts again: nobody knows whether what took its place was read.
    """
    while True:
        folders = [each for each in data.glob(f"{topic}-*") if each.name.removeprefix(f"{topic}-").isdigit()]
        with suppress(FileNotFoundError):
            return b"".join(file.read_bytes() for folder in folders for file in folder.iterdir())


@contextmanager
def cleaning_kafka(folder: Path) -> Iterator[CleaningKafka]:
    """Run such a broker for the block."""
    server = kafka_server(folder, say=print)
    with (folder / "server.properties").open("a") as file:
        file.write(CONFIGURATION)
    with server:
        yield CleaningKafka(server.address, folder)
