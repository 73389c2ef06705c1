"""Worlds for the fault tests: on the servers that all tests share, or on servers of one test's own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.local.servers.stack import Stack, local_stack
from tests.faults.classifier_process import World, world_on


@pytest.fixture
def world(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[World]:
    """A world on the shared servers, for faults of our own processes."""
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """Servers that nobody else uses, since they are stopped here."""
    with local_stack(use_docker=False, allow_mock_broker=False) as running:
        yield running


@pytest.fixture
def own_world(own_stack: Stack, tmp_path: Path) -> Iterator[World]:
    """A world on those servers."""
    name = f"test-{uuid4().hex[:12]}"
    kafka, mongo = own_stack.kafka_bootstrap, own_stack.mongo_uri
    with world_on(kafka=kafka, mongo=mongo, name=name, database=name, folder=tmp_path) as made:
        yield made
