"""A system on such a Kafka as a municipality runs, in which each command and service is a user of its own."""

import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin._listoffsets import OffsetSpec
from pydantic import SecretStr
from pymongo import MongoClient

from services.cli import main
from services.operations.audit.head import COLLECTION as AUDIT_HEAD
from services.operations.lock import COLLECTION as LOCK
from services.projector.mongo.swap import COLLECTION as REBUILD
from services.runtime.kafka.topics import topic_definitions
from services.runtime.settings import Settings
from tests.support.commands import environment
from tests.support.contacts import contact_ended
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client, committed_offsets, read_committed
from tests.support.logins import as_role
from tests.support.secure_kafka import PASSWORD, SecureKafka, rights_in
from tests.support.service_process import ServiceProcess

PARTITIONS = 2

ROW = re.compile(r"^\| `([a-z -]+)` \| ((?:Read|Write|Create|Describe).*) \|$", re.MULTILINE)
RIGHTS = {
    command: rights_in(words)
    for command, words in ROW.findall(Path("docs/kafka-rights.md").read_text(encoding="utf-8"))
}
"""The users, named after what they run, and what that page says that each may do."""


def settings_on(kafka: SecureKafka, mongo_uri: str, *, contact_topics: Sequence[str] = ("contact.ended",)) -> Settings:
    """Return the settings of a town on this broker, with a database of its own."""
    return Settings(
        kafka_bootstrap=kafka.login,
        kafka_security_protocol="SASL_SSL",
        kafka_username="doctor",
        kafka_password=SecretStr(PASSWORD),
        kafka_ca_file=kafka.folder / "ca.pem",
        mongo_uri=mongo_uri,
        mongo_database=f"test-{kafka.login.rsplit(':')[-1]}",
        sleutel=SecretStr("s" * 40),
        contact_topics=tuple(contact_topics),
        topic_partitions=PARTITIONS,
        log_format="json",
    )


def drop_databases(settings: Settings) -> None:
    """Remove all that a town has stored."""
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        for name in (settings.mongo_database, f"{settings.mongo_database}-another"):
            client.drop_database(name)


@dataclass(frozen=True)
class Ran:
    """How a command ended, and all that it said."""

    status: int
    said: str


@dataclass(frozen=True)
class Town:
    """The Kafka, and the settings that all its users share."""

    kafka: SecureKafka
    settings: Settings

    def settings_of(self, user: str) -> Settings:
        """Return the settings with which somebody logs in."""
        return self.settings.model_copy(update={"kafka_username": user})

    def in_another_group(self, user: str) -> Settings:
        """Return the settings of a user with a consumer group and a database beside those of the town."""
        groups = {"classifier_group": "another", "projector_group": "another-projector"}
        database = {"mongo_database": f"{self.settings.mongo_database}-another"}
        return self.settings_of(user).model_copy(update={**groups, **database})

    def run(self, user: str, arguments: str, changes: Mapping[str, object] | None = None) -> Ran:
        """Run a command to its end, in this process."""
        files = {name: self.kafka.folder / name for name in ("events", "strict", "who", "whom", "klant")}
        command = ["klantcontact", *(part.format(**files) for part in arguments.split())]
        settings = self.settings_of(user).model_copy(update=changes or {})
        theirs = as_role(settings, arguments.split()).environment()
        ours = environment()
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with (
            patch.dict(os.environ, ours | theirs | {"COLUMNS": "300"}, clear=True),
            patch.object(sys, "argv", command),
            redirect_stdout(output),
            redirect_stderr(output),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        output.seek(0)
        said = output.read()
        assert PASSWORD not in said
        return Ran(int(ended.value.code or 0), said)

    def service(self, name: str, settings: Settings) -> ServiceProcess:
        """Return a service, not yet started."""
        return ServiceProcess(name, settings, self.kafka.folder / f"{name}-{settings.kafka_username}.log")

    def documents(self) -> dict[str, int]:
        """Count the documents of each collection that has any, but for those of the operators' commands themselves."""
        with MongoClient[dict[str, Any]](self.settings.mongo_uri) as client:
            database = client[self.settings.mongo_database]
            names = sorted(set(database.list_collection_names()) - {LOCK, REBUILD, AUDIT_HEAD})
            counts = {name: database[name].count_documents({}) for name in names}
        return {name: count for name, count in counts.items() if count}

    def ends(self) -> list[int]:
        """Return the ends of all partitions."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {
            TopicPartition(topic.name, each): latest
            for topic in topic_definitions(self.settings)
            for each in range(topic.partitions)
            if topic.name in self.settings.topics
        }
        answers = admin_client(self.kafka.plain).list_offsets(asked)
        return [answer.result(ANSWER_SECONDS).offset for answer in answers.values()]

    def committed(self) -> tuple[int, list[int]]:
        """Count what a committed reader sees, and tell how far the other classifier has come."""
        topics, contact_topic = self.settings.topics, self.settings.contact_topics[0]
        plain = self.kafka.plain
        handled = committed_offsets(plain, group="another", topic=contact_topic, partitions=PARTITIONS)
        return len(read_committed(plain, topics)), handled


def contacts() -> list[dict[str, Any]]:
    """Return five contacts, one of them of a klant who is known (V3)."""
    known = contact_ended("c-known")
    known["data"]["betrokkenen"][0] |= {
        "authenticatie": {"middel": "digid"},
        "partijIdentificatoren": [
            {
                "codeRegister": "brp",
                "codeObjecttype": "natuurlijk_persoon",
                "codeSoortObjectId": "bsn",
                "objectId": "999990007",
            }
        ],
    }
    return [known, *(contact_ended(f"c-{number}") for number in range(4))]
