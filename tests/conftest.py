"""The servers that tests run against: one Kafka and one MongoDB for a whole session, started when a test
first asks.

They are the real ones or none: without Apache Kafka a test that needs it fails, and says what to install.
Each test gets names of its own and leaves nothing behind, so that tests can share the servers, in any order.
"""

import os
import signal
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from services.local.servers.stack import Stack, local_stack

ANSWER_SECONDS = 10


def pytest_configure() -> None:
    """Hear Ctrl-C and a hang-up, also where a shell that runs us in the background has switched them off: the processes
    that tests start and end by them inherit it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Both servers; KLANTCONTACT_TEST_KAFKA and KLANTCONTACT_TEST_MONGO name others, that run already.

    A test that stops or kills a server starts it again, or better, starts one of its own.
    """
    kafka, mongo = os.environ.get("KLANTCONTACT_TEST_KAFKA"), os.environ.get("KLANTCONTACT_TEST_MONGO")
    with local_stack(kafka=kafka, mongo=mongo, allow_mock_broker=False) as running:
        yield running


@pytest.fixture(scope="session")
def kafka_bootstrap(stack: Stack) -> str:
    """The address of Kafka."""
    return stack.kafka_bootstrap


@pytest.fixture(scope="session")
def mongo_uri(stack: Stack) -> str:
    """The address of MongoDB."""
    return stack.mongo_uri


@pytest.fixture
def topics(kafka_bootstrap: str) -> Iterator[str]:
    """A prefix for the topics of one test, as in f"{topics}.contact.ended"; all with it are deleted after the
    test.
    """
    prefix = f"test-{uuid4().hex[:12]}"
    yield prefix
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    used = [name for name in admin.list_topics(timeout=ANSWER_SECONDS).topics if name.startswith(prefix)]
    if used:
        for deletion in admin.delete_topics(used).values():
            deletion.result(timeout=ANSWER_SECONDS)


@pytest.fixture
def database(mongo_uri: str) -> Iterator[str]:
    """The name of a database for one test, which is dropped after it."""
    name = f"test-{uuid4().hex[:12]}"
    yield name
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.drop_database(name)
