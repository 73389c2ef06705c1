"""The servers that a benchmark runs on, and what is written to them beforehand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Producer
from pymongo import MongoClient

from services.local.sample import scenario_like_events
from services.local.scenarios import load_scenarios
from services.local.servers.stack import Stack, local_stack
from services.local.system import committed_messages
from tests.benchmarks.processes import cpu_seconds
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client, make_topics

CACHE: Final = "2G"
"""Of mongod. The local stack has 256 MB, and a benchmark would measure how that is emptied."""

FLUSH_SECONDS: Final = 120.0
"""Patience until Kafka has written what we hold: 100,000 records at most."""

Ends = Mapping[tuple[str, int], int]
"""By topic and partition: the offset after the last record. Markers of transactions lie behind it."""


@dataclass(frozen=True)
class Ground:
    """Both servers, for as long as the block of `ground` lasts."""

    stack: Stack
    folder: Path
    """For logs and other files. It goes with the servers."""

    @property
    def bootstrap(self) -> str:
        """The address of Kafka."""
        return self.stack.kafka_bootstrap

    @property
    def mongo_uri(self) -> str:
        """The address of MongoDB."""
        return self.stack.mongo_uri

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU that the servers have used. A server that is not ours is left out."""
        servers = {"kafka": self.stack.kafka, "mongod": self.stack.mongod}
        return {name: cpu_seconds(server.pid) for name, server in servers.items() if server is not None}

    def fill(self, topic: str, count: int, *, partitions: int) -> "Filled":
        """Make a topic of contacts like those of the scenarios."""
        make_topics(self.bootstrap, topic, partitions=partitions)
        self.publish(topic, scenario_like_events(count, load_scenarios()))
        return self.filled([topic])

    def publish(self, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Publish records, given as key and value."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5})
        for key, value in records:
            while True:
                try:
                    producer.produce(topic, value, key)
                except BufferError:  # Kafka is slower than we are
                    producer.poll(0.1)
                else:
                    break
            producer.poll(0)
        assert producer.flush(FLUSH_SECONDS) == 0, "Kafka did not take all records"

    def filled(self, topics: Sequence[str]) -> "Filled":
        """Return how much a committed reader sees in topics now."""
        ends: dict[tuple[str, int], int] = {}
        events = 0
        for message in committed_messages(self.bootstrap, topics):
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None
            assert partition is not None
            assert offset is not None
            ends[topic, partition] = offset + 1
            events += 1
        return Filled(tuple(topics), events, ends)

    def forget(self, *, topics: Sequence[str] = (), database: str | None = None) -> None:
        """Remove what a run has written, so that the next one finds servers with as little in them."""
        deletions = admin_client(self.bootstrap).delete_topics(list(topics)) if topics else {}
        for deletion in deletions.values():
            deletion.result(ANSWER_SECONDS)
        if database is None:
            return
        with MongoClient[dict[str, Any]](self.mongo_uri) as client:
            client.drop_database(database)


@dataclass(frozen=True)
class Filled:
    """Topics with what they hold."""

    topics: tuple[str, ...]
    events: int
    ends: Ends


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Start both servers for the block.

    Raises LocalStackError, also where there is no Java: on a mock broker figures mean nothing.
    """
    with local_stack(folder=folder / "stack", allow_mock_broker=False) as stack:
        with MongoClient[dict[str, Any]](stack.mongo_uri) as client:
            client.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=f"cache_size={CACHE}")
        yield Ground(stack, folder)
