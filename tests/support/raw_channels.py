"""Channels of one test: their file and topics, messages in their raw topics, and what the mapper makes of these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Message
from pydantic import SecretStr

from schemas.cloudevents import Header
from schemas.raw_messages import CONTENT_TYPE, MAIL_TYPE
from services.runtime.settings import Settings
from tests.support.kafka_tools import (
    committed_offsets,
    holds_readers_up,
    make_topics,
    producer,
    read_committed,
    topic_names,
)
from tests.support.mappings import SMALL
from tests.support.sealed import REGISTER_KEY
from tests.support.waiting import wait_for

PARTITIONS = 2
JSON_TYPE: Header = (CONTENT_TYPE, b"application/json")
MAIL: Header = (CONTENT_TYPE, MAIL_TYPE.encode())


def channel_settings(
    *, kafka: str, mongo: str, name: str, database: str, folder: Path, channels: Mapping[str, str]
) -> Settings:
    """Return the settings of a test whose channels have these mappings, and make the topics."""
    file = folder / "kanalen.toml"
    tables = [
        f'[kanaal.{naam}]\nmapping = "{mapping}"\ntopic = "{name}.kanaal.{naam}"\n'
        for naam, mapping in channels.items()
    ]
    file.write_text("\n".join(tables), "utf-8")
    settings = Settings(
        kafka_bootstrap=kafka,
        mongo_uri=mongo,
        mongo_database=database,
        kanalen_file=file,
        mapper_group=f"{name}-mapper",
        classifier_group=f"{name}-classifier",
        sleutel=SecretStr(REGISTER_KEY.decode()),
        session_timeout_ms=2_000,
        shutdown_seconds=5,
        log_format="json",
        **topic_names(name),
    )
    make_topics(kafka, *settings.topics, *settings.raw_topics, *settings.raw_dead_letter_topics, partitions=PARTITIONS)
    return settings


def small_channel(*, kafka: str, mongo: str, name: str, database: str, folder: Path) -> "RawChannels":
    """Make one channel with the small mapping, which stands as `klein.toml` in the folder, and the audit topic."""
    (folder / "klein.toml").write_text(SMALL, "utf-8")
    settings = channel_settings(
        kafka=kafka, mongo=mongo, name=name, database=database, folder=folder, channels={"proef": "klein.toml"}
    )
    make_topics(kafka, settings.audit_topic)
    return RawChannels(settings)


@dataclass
class RawChannels:
    """The messages that Kafka has acknowledged, and what a committed reader sees of what the mapper made."""

    settings: Settings

    def publish(self, messages: Iterable[tuple[str, bytes | None, Sequence[Header]]]) -> list[str]:
        """Publish raw messages, each with its topic and headers, and return where each lies, as `bericht` has it."""
        sender = producer(self.settings.kafka_bootstrap)
        places: dict[int, str] = {}
        number = 0
        for topic, value, headers in messages:

            def note(error: object, sent: Message, number: int = number) -> None:
                assert error is None
                places[number] = f"{sent.topic()}:{sent.partition()}:{sent.offset()}"

            sender.produce(topic, value=value, headers=list(headers), partition=number % PARTITIONS, on_delivery=note)
            sender.poll(0)
            number += 1
        assert sender.flush(60) == 0
        return [places[each] for each in range(number)]

    def committed(self) -> int:
        """Count the messages that are committed as handled."""
        bootstrap, group = self.settings.kafka_bootstrap, self.settings.mapper_group
        return sum(
            sum(committed_offsets(bootstrap, group=group, topic=topic, partitions=PARTITIONS))
            for topic in self.settings.raw_topics
        )

    def wait_until_mapped(self, number: int) -> None:
        """Wait until so many messages are handled, and what came of them can be read."""
        wait_for("everything is mapped", lambda: self.committed() == number)
        kafka = self.settings.kafka_bootstrap
        outputs = [self.settings.contact_topics[0], *self.settings.raw_dead_letter_topics]
        wait_for("everything can be read", lambda: not holds_readers_up(kafka, outputs))

    def events(self) -> list[Message]:
        """Return the events that a committed reader sees."""
        return read_committed(self.settings.kafka_bootstrap, [self.settings.contact_topics[0]])

    def letters(self) -> list[Message]:
        """Return the letters that a committed reader sees."""
        return read_committed(self.settings.kafka_bootstrap, list(self.settings.raw_dead_letter_topics))


def headers_of(message: Message) -> dict[str, str]:
    """Return the headers of a message as texts."""
    found: Any = message.headers() or []
    return {name: (value or b"").decode() for name, value in found}


def place_in(letter: Message) -> str:
    """Return where the message of a letter lay, as `bericht` has it."""
    headers = headers_of(letter)
    return f"{headers['dlq_topic']}:{headers['dlq_partition']}:{headers['dlq_offset']}"
