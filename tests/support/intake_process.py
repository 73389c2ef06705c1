"""The intake as a process, and what lies in its raw topics."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from services.local.servers.network import HOST, free_port
from services.runtime.settings import Settings
from tests.support.intake_channels import CHANNELS, intake_settings
from tests.support.kafka_tools import end_offsets, make_topics
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

PARTITIONS: Final = 2

CLIENT_SECONDS: Final = 20.0
"""Patience with an answer, which takes far less."""


class IntakeProcess(ServiceProcess):
    """One instance."""

    def __init__(self, settings: Settings, log_file: Path) -> None:
        super().__init__("intake", settings, log_file)
        self.settings = settings
        self.url = f"http://{HOST}:{settings.intake_port}"

    def client(self) -> httpx.Client:
        """Return a client whose paths begin at this instance."""
        return httpx.Client(base_url=self.url, timeout=CLIENT_SECONDS, trust_env=False)

    def received(self, channel: str, outcome: str) -> float:
        """Return how many requests of a channel had an outcome."""
        return self.measured("klantcontact_channel_received_total").get((channel, outcome), 0)


def settings_of_intake(bootstrap: str, prefix: str, folder: Path) -> Settings:
    """Return settings with a channel for each proof and envelope, and make the raw topics."""
    make_topics(bootstrap, *(f"{prefix}.{naam}" for naam in CHANNELS), partitions=PARTITIONS)
    return intake_settings(
        folder, {"kafka_bootstrap": bootstrap, "intake_host": HOST, "intake_port": free_port()}, topics=prefix
    )


class RawReader:
    """Reads raw topics from their beginning on. To make a consumer for each look would take a second each time."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        self._bootstrap = settings.kafka_bootstrap
        self._topics = topics
        self._messages: list[Message] = []
        self._consumer = Consumer(
            {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "reader of raw topics", "log_level": 0}
        )
        self._consumer.assign(
            [TopicPartition(topic, each, OFFSET_BEGINNING) for topic in topics for each in range(PARTITIONS)]
        )

    def count(self, topic: str) -> int:
        """Return how many messages lie in a topic: the intake writes nothing else, and no transactions."""
        return sum(end_offsets(self._bootstrap, [topic]))

    def messages(self, topic: str) -> list[Message]:
        """Return all that lies in a topic now, partition by partition in order."""
        there = sum(end_offsets(self._bootstrap, self._topics))

        def read() -> bool:
            self._messages += self._consumer.consume(num_messages=1000, timeout=0.02)
            return len(self._messages) >= there

        wait_for("everything is read", read)
        assert all(message.error() is None for message in self._messages)
        found = [message for message in self._messages if message.topic() == topic]
        return sorted(found, key=lambda message: message.partition() or 0)

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()


@contextmanager
def intake(settings: Settings, folder: Path) -> Iterator[IntakeProcess]:
    """One instance that is ready."""
    with IntakeProcess(settings, folder / f"intake-{settings.intake_port}.log") as process:
        process.server.wait_until_ready()
        yield process
