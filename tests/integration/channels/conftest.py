"""One intake for all tests of a file: no test leaves anything behind but messages that no other looks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from confluent_kafka import Message

from tests.support.intake_channels import CHANNELS
from tests.support.intake_process import IntakeProcess, RawReader, intake, settings_of_intake
from tests.support.leftovers import remove_topics


@dataclass(frozen=True)
class Town:
    """The intake, a client of it, and its raw topics."""

    process: IntakeProcess
    client: httpx.Client
    prefix: str
    reader: RawReader

    def kept(self, naam: str) -> list[Message]:
        """Return what lies in the raw topic of a channel."""
        return self.reader.messages(f"{self.prefix}.{naam}")

    def count(self, naam: str) -> int:
        """Return how much lies there."""
        return self.reader.count(f"{self.prefix}.{naam}")


@pytest.fixture(scope="module")
def town(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    prefix, folder = f"test-{uuid4().hex[:12]}", tmp_path_factory.mktemp("intake")
    with intake(settings_of_intake(kafka_bootstrap, prefix, folder), folder) as process, process.client() as client:
        reader = RawReader(process.settings, [f"{prefix}.{naam}" for naam in CHANNELS])
        yield Town(process, client, prefix, reader)
        reader.close()
    remove_topics(kafka_bootstrap, prefix)
