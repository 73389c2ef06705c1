"""Kafka and MongoDB on this machine for as long as a block lasts: yours when you name them, else the best available.

The order, for each of the two: an explicit address; Docker, when an engine answers; a server of ours on a free port of
127.0.0.1 (Apache Kafka from its jars, mongod from its wheel); for Kafka only, last, a broker inside this process.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.local.servers import containers
from services.local.servers.errors import FetchFailed, LocalStackError, MissingTool
from services.local.servers.kafka import KAFKA_VERSION, kafka_server
from services.local.servers.mock_broker import mock_broker
from services.local.servers.mongod import administrator_uri, mongo_uri, mongod_server
from services.local.servers.process import Server, stop_all
from services.runtime.ending import ended_like_interrupted


class KafkaKind(StrEnum):
    """What answers at the Kafka address, in words for the screen."""

    GIVEN = "the given Kafka"
    DOCKER = f"Apache Kafka {KAFKA_VERSION} in Docker"
    JARS = f"Apache Kafka {KAFKA_VERSION}"
    MOCK = "librdkafka's mock broker"


class MongoKind(StrEnum):
    """What answers at the MongoDB address, in words for the screen."""

    GIVEN = "the given MongoDB"
    DOCKER = "MongoDB 6 in Docker"
    WHEEL = "MongoDB 6.0.5"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Where both answer and what they are. `kafka` and `mongod` are the processes, to stop, kill, pause and start
    again; None unless they are ours (`KafkaKind.JARS`, `MongoKind.WHEEL`).
    """

    kafka_bootstrap: str
    mongo_uri: str
    kafka_kind: KafkaKind
    mongo_kind: MongoKind
    kafka: Server | None = None
    mongod: Server | None = None


@dataclass(frozen=True, kw_only=True)
class _Kafka:
    bootstrap: str
    kind: KafkaKind
    server: Server | None = None


@dataclass(frozen=True, kw_only=True)
class _Mongo:
    uri: str
    kind: MongoKind
    server: Server | None = None


@dataclass(frozen=True, kw_only=True)
class _Means:
    """The means to make the parts of a stack."""

    folder: Path
    use_docker: bool
    allow_mock_broker: bool
    say: Callable[[str], None]
    undo: ExitStack
    servers: list[Server]


def to_stderr(line: str) -> None:
    """Write a line for the person at the terminal, beside what a program may read from stdout."""
    sys.stderr.write(f"{line}\n")


@contextmanager
def local_stack(
    *,
    kafka: str | None = None,
    mongo: str | None = None,
    folder: Path | None = None,
    use_docker: bool = True,
    allow_mock_broker: bool = True,
    say: Callable[[str], None] = to_stderr,
) -> Iterator[Stack]:
    """Provide both servers, ready for transactions, until the block ends. However it ends, nothing is left running.

    `kafka` and `mongo` are addresses of servers that exist; those are used and never stopped. Data stays in `folder`
    for the next start; without it a temporary folder holds it and goes. `say` gets the few lines that a person should
    see (a download, a fallback). Within the block SIGTERM and SIGHUP act as Ctrl-C, when it is entered in the main
    thread and they have no other handler.

    Raises LocalStackError: MissingTool names what to install, StartFailed holds the last lines of the log. Then nothing
    is left running.
    """
    docker = use_docker and (kafka is None or mongo is None) and containers.engine_answers()
    with ExitStack() as undo:
        undo.enter_context(ended_like_interrupted())
        means = _Means(
            folder=_data_folder(folder, undo),
            use_docker=docker,
            allow_mock_broker=allow_mock_broker,
            say=say,
            undo=undo,
            servers=[],
        )
        undo.callback(stop_all, means.servers)
        # MongoDB first: it starts while Kafka is fetched and formatted.
        mongo_part = _mongo(mongo, means)
        kafka_part = _kafka(kafka, means)
        for server in means.servers:
            server.wait_until_ready()
        yield Stack(
            kafka_bootstrap=kafka_part.bootstrap,
            mongo_uri=mongo_part.uri,
            kafka_kind=kafka_part.kind,
            mongo_kind=mongo_part.kind,
            kafka=kafka_part.server,
            mongod=mongo_part.server,
        )


def _data_folder(given: Path | None, undo: ExitStack) -> Path:
    if given is not None:
        return given.resolve()
    temporary = Path(tempfile.mkdtemp(prefix="klantcontact-"))
    undo.callback(shutil.rmtree, temporary, ignore_errors=True)
    return temporary


def _mongo(address: str | None, means: _Means) -> _Mongo:
    if address is not None:
        means.say("Using the MongoDB that KLANTCONTACT_MONGO_URI names; without that variable one is started.")
        return _Mongo(uri=address, kind=MongoKind.GIVEN)
    if means.use_docker:
        try:
            port = means.undo.enter_context(containers.mongo_container())
            return _Mongo(uri=mongo_uri(port), kind=MongoKind.DOCKER)
        except LocalStackError as error:
            means.say(f"{error} Going on without Docker.")
    server = mongod_server(means.folder / "mongod")
    _spawn(server, means)
    return _Mongo(uri=administrator_uri(server), kind=MongoKind.WHEEL, server=server)


def _kafka(address: str | None, means: _Means) -> _Kafka:
    if address is not None:
        means.say(f"Using the Kafka at {address} (KLANTCONTACT_KAFKA_BOOTSTRAP); without that variable one is started.")
        return _Kafka(bootstrap=address, kind=KafkaKind.GIVEN)
    if means.use_docker:
        try:
            bootstrap = means.undo.enter_context(containers.kafka_container())
            return _Kafka(bootstrap=bootstrap, kind=KafkaKind.DOCKER)
        except LocalStackError as error:
            means.say(f"{error} Going on without Docker.")
    try:
        server = kafka_server(means.folder / "kafka", say=means.say)
    except (MissingTool, FetchFailed) as error:
        if not means.allow_mock_broker:
            raise
        means.say(str(error))
        return _mock(means)
    _spawn(server, means)
    return _Kafka(bootstrap=server.address, kind=KafkaKind.JARS, server=server)


def _mock(means: _Means) -> _Kafka:
    bootstrap = means.undo.enter_context(mock_broker())
    means.say("A mock broker inside this process takes its place: it keeps nothing and promises nothing.")
    return _Kafka(bootstrap=bootstrap, kind=KafkaKind.MOCK)


def _spawn(server: Server, means: _Means) -> None:
    """Start a server that is already on the list of those to stop: an interruption in between finds it."""
    means.servers.append(server)
    server.spawn()
