"""The servers that tests run against: one Kafka and one MongoDB for each worker, started when a test first needs them.

They are real servers: without Apache Kafka a test that needs it fails, and names what to install. Each test has names
of its own and leaves nothing behind. So tests share the servers, in any order.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
import structlog
from hypothesis import settings

from services.local.servers.errors import FetchFailed, MissingTool, StartFailed
from services.local.servers.stack import Stack, local_stack
from tests.fakes.open_klant.server import OpenKlant
from tests.support.class_data import share_classes
from tests.support.files_in_memory import keep_files_in_memory
from tests.support.leftovers import remove_database, remove_topics
from tests.support.pymongo_sockets import close_cancelled_connections
from tests.support.slow_files import sort_slowest_first

# Not from `tests/support/thoroughness.py`: that takes its numbers from the profile, which pytest chooses after this.
IS_REPEATED = "EXAMPLES" not in os.environ

# No example has a deadline: on a busy machine one would fail a test that found nothing.
settings.register_profile("whole", deadline=None, derandomize=IS_REPEATED)
# For `make unit`; see `tests/support/thoroughness.py`.
settings.register_profile("quick", settings.get_profile("whole"), max_examples=20)
settings.load_profile("whole")

FIXTURE_OF_SERVERS = "stack"


def pytest_configure() -> None:
    """Handle Ctrl-C and a hang-up, also where a shell that runs pytest in the background has switched them off.

    The processes that tests start inherit this, and tests end them by these signals.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    keep_files_in_memory()
    close_cancelled_connections()
    # A broker of a test lives for a minute: compiling its code thoroughly costs more than that brings.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    # Untold, structlog lets rich draw each traceback, which takes longer than the tests that log one.
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow files first, and make the starts of brokers cheap where a test may start one."""
    sort_slowest_first(items)
    if any(FIXTURE_OF_SERVERS in getattr(item, "fixturenames", ()) for item in items):
        # Where Java is missing, or Maven, the tests that need it say so.
        with suppress(MissingTool, FetchFailed, StartFailed):
            share_classes()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Both servers. KLANTCONTACT_TEST_KAFKA and KLANTCONTACT_TEST_MONGO name servers that run already.

    A test that stops or kills a server starts one of its own for that.
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
    """A prefix for the topics of one test, as in f"{topics}.contact.ended"; they are deleted after the test."""
    prefix = f"test-{uuid4().hex[:12]}"
    yield prefix
    remove_topics(kafka_bootstrap, prefix)


@pytest.fixture
def database(mongo_uri: str) -> Iterator[str]:
    """The name of a database for one test, which is dropped after it."""
    name = f"test-{uuid4().hex[:12]}"
    yield name
    remove_database(mongo_uri, name)


@pytest.fixture
def open_klant() -> Iterator[OpenKlant]:
    """Open Klant, with no rows, on a port of its own."""
    with OpenKlant().running() as running:
        yield running
