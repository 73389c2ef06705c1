"""The whole system as real processes, on servers that it shares with nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local.servers.stack import KafkaKind
from services.local.system import System, running_system
from services.runtime.settings import Settings


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services with everything they need; their logs say all that they can say."""
    home: Path = tmp_path_factory.mktemp("system")
    settings = Settings(topic_partitions=4, log_level="debug", log_format="json")
    with running_system(settings, folder=home, say=print) as running:
        assert running.stack.kafka_kind is not KafkaKind.MOCK, "install openjdk-17-jre-headless and maven"
        yield running
