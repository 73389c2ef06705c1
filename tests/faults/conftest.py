"""Worlds for the fault tests: on the servers that all tests share, or on servers of one test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.classifier_process import World, world_on


@pytest.fixture
def world(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[World]:
    """A world on the shared servers, for faults of our own processes."""
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as made:
        yield made
