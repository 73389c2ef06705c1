"""The local stack starts real servers, which keep their data over a restart. It leaves none behind, however
it ends.
"""

import shutil
import signal
import subprocess
import sys
import time
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient, MongoClient

from services.local.servers import containers
from services.local.servers.errors import NotRunning, StartFailed
from services.local.servers.mongod import administrator_uri
from services.local.servers.network import HOST
from services.local.servers.process import Server
from services.local.servers.stack import KafkaKind, MongoKind, Stack, local_stack

# Stands for a Kafka that is there already, so that a test starts mongod alone: a second instead of three.
NO_KAFKA = "127.0.0.1:1"
MONGO_ELSEWHERE = "mongodb://mongo.example"
GONE_SECONDS = 60.0
"""More than the patience with a server that is stopped, after which it is killed."""


@contextmanager
def only_mongod(folder: Path | None = None) -> Iterator[Server]:
    with local_stack(kafka=NO_KAFKA, folder=folder, use_docker=False) as stack:
        assert stack.mongod is not None
        yield stack.mongod


def our_servers() -> set[int]:
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if child.name() in {"mongod", "java"}}


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while not is_gone(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.05)


async def create_topic(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def publish(kafka: str, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{topic}-0")
    await producer.start()
    try:
        async with producer.transaction():
            for value in values:
                await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read(kafka: str, topic: str, *, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_the_session_runs_on_a_real_kafka_and_a_real_mongodb(stack: Stack) -> None:
    assert stack.kafka_kind is not KafkaKind.MOCK
    assert stack.kafka_bootstrap
    assert stack.mongo_uri


def test_where_docker_answers_the_servers_are_containers() -> None:
    if not containers.engine_answers():
        pytest.skip("no Docker engine answers")
    with local_stack(allow_mock_broker=False) as stack:
        assert (stack.kafka_kind, stack.mongo_kind) == (KafkaKind.DOCKER, MongoKind.DOCKER)


async def test_records_of_a_kafka_transaction_are_read(kafka_bootstrap: str, topics: str) -> None:
    topic = f"{topics}.written"
    await create_topic(kafka_bootstrap, topic)
    await publish(kafka_bootstrap, topic, [b"1", b"2"])
    assert await read(kafka_bootstrap, topic, count=2) == [b"1", b"2"]


async def test_a_mongodb_transaction_is_written_whole_or_not(stack: Stack, database: str) -> None:
    async with AsyncMongoClient[dict[str, Any]](stack.mongo_uri) as client:
        collection = client[database]["documents"]
        async with client.start_session() as session, await session.start_transaction():
            await collection.insert_many([{"_id": 1}, {"_id": 2}], session=session)
        async with client.start_session() as session:
            await session.start_transaction()
            await collection.insert_one({"_id": 3}, session=session)
            await session.abort_transaction()
        assert await collection.find({}, sort={"_id": 1}).to_list() == [{"_id": 1}, {"_id": 2}]


async def test_servers_keep_data_and_address_when_stopped_killed_and_started_again(tmp_path: Path) -> None:
    with local_stack(folder=tmp_path, use_docker=False, allow_mock_broker=False) as first:
        assert (first.kafka_kind, first.mongo_kind) == (KafkaKind.JARS, MongoKind.WHEEL)
        assert first.kafka is not None
        assert first.mongod is not None
        pids = [first.kafka.pid, first.mongod.pid]
        await create_topic(first.kafka_bootstrap, "kept")
        async with AsyncMongoClient[dict[str, Any]](first.mongo_uri) as client:
            await publish(first.kafka_bootstrap, "kept", [b"before"])
            await client["kept"]["documents"].insert_one({"_id": "before"})
            await to_thread(first.kafka.kill)
            await to_thread(first.mongod.stop)
            await to_thread(first.mongod.start)
            await to_thread(first.kafka.start)
            await publish(first.kafka_bootstrap, "kept", [b"after"])
            await client["kept"]["documents"].insert_one({"_id": "after"})
        pids += [first.kafka.pid, first.mongod.pid]
    assert len(set(pids)) == 4
    assert all(is_gone(pid) for pid in pids)
    with local_stack(folder=tmp_path, use_docker=False, allow_mock_broker=False) as second:
        assert (second.kafka_bootstrap, second.mongo_uri) == (first.kafka_bootstrap, first.mongo_uri)
        assert await read(second.kafka_bootstrap, "kept", count=2) == [b"before", b"after"]
        async with AsyncMongoClient[dict[str, Any]](second.mongo_uri) as client:
            assert await client["kept"]["documents"].find().to_list() == [{"_id": "before"}, {"_id": "after"}]


def test_the_stack_removes_its_temporary_folder_and_stops_its_server() -> None:
    with only_mongod() as mongod:
        folder, pid = mongod.log_file.parent, mongod.pid
        assert folder.is_dir()
    assert not folder.exists()
    assert is_gone(pid)


def test_a_paused_server_goes_on_when_resumed_and_ends_with_the_stack() -> None:
    with only_mongod() as mongod:
        pid = mongod.pid
        with MongoClient[dict[str, Any]](administrator_uri(mongod)) as client:
            client.admin.command("ping")
            mongod.pause()
            assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
            mongod.resume()
            assert client.admin.command("ping")["ok"] == 1
        mongod.pause()
        log = mongod.log_file.open()
    assert is_gone(pid)
    with log:
        assert '"msg":"Shutting down"' in log.read(), "it was stopped, not killed"


def test_a_server_that_is_stopped_has_no_process_id() -> None:
    with only_mongod() as mongod:
        mongod.stop()
        with pytest.raises(NotRunning, match="mongod is not running"):
            _ = mongod.pid


def test_a_server_that_runs_is_not_started_again() -> None:
    with only_mongod() as mongod:
        pid = mongod.pid
        with pytest.raises(StartFailed, match="running already"):
            mongod.start()
        assert mongod.pid == pid


def test_a_given_address_is_used_unchanged_and_starts_no_server() -> None:
    before = our_servers()
    with local_stack(kafka="kafka.example:9092", mongo=MONGO_ELSEWHERE) as stack:
        assert stack == Stack(
            kafka_bootstrap="kafka.example:9092",
            mongo_uri=MONGO_ELSEWHERE,
            kafka_kind=KafkaKind.GIVEN,
            mongo_kind=MongoKind.GIVEN,
        )
        assert our_servers() == before


def test_servers_listen_on_the_loopback_interface_only(tmp_path: Path) -> None:
    with local_stack(folder=tmp_path, use_docker=False, allow_mock_broker=False) as stack:
        for server in (stack.kafka, stack.mongod):
            assert server is not None
            assert listening_on(server.pid) == {HOST}


def listening_on(pid: int) -> set[str]:
    """Return the addresses of a process. A JVM uses IPv6 sockets for IPv4 too, and shows IPv4 addresses as IPv6."""
    connections = psutil.Process(pid).net_connections()
    listening = [connection for connection in connections if connection.status == psutil.CONN_LISTEN]
    return {connection.laddr.ip.removeprefix("::ffff:") for connection in listening}


class TestFailedStart:
    @pytest.fixture
    def broken(self, tmp_path: Path) -> Path:
        """A data folder that mongod can't read."""
        data = tmp_path / "mongod" / "data"
        data.mkdir(parents=True)
        (data / "storage.bson").write_text("not what mongod wrote")
        return tmp_path

    def test_shows_the_end_of_the_log_and_leaves_no_process(self, broken: Path) -> None:
        before = our_servers()
        with pytest.raises(StartFailed) as failure, only_mongod(broken):
            pytest.fail("mongod can't have started")
        first, *tail = str(failure.value).splitlines()
        assert first == "mongod ended while it started. The end of its log:"
        assert 1 <= len(tail) <= 15
        assert tail[-1] in (broken / "mongod" / "mongod.log").read_text()
        assert our_servers() == before

    def test_of_one_server_it_stops_the_other_and_keeps_a_given_folder(self, broken: Path) -> None:
        before = our_servers()
        stack = local_stack(folder=broken, use_docker=False, allow_mock_broker=False)
        with pytest.raises(StartFailed, match="mongod ended while it started"), stack:
            pytest.fail("mongod can't have started")
        assert our_servers() == before
        assert (broken / "kafka" / "kafka.log").exists()

    def test_says_so_when_the_data_is_in_use(self, tmp_path: Path) -> None:
        with only_mongod(tmp_path) as first:
            taken = rf"Port {first.port} .* is taken"
            with pytest.raises(StartFailed, match=taken), only_mongod(tmp_path):
                pytest.fail("two servers on one folder")
            assert first.is_running


class TestEndedFromOutside:
    """A process that has its own stack ends; its server must end too."""

    PROGRAM = """if True:
        import time
        from services.local.servers.stack import local_stack
        with local_stack(kafka="127.0.0.1:1", use_docker=False) as stack:
            print(stack.mongod.pid, stack.mongod.log_file.parent, flush=True)
            time.sleep(60)
    """

    @pytest.fixture
    def child(self) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-c", self.PROGRAM]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_in_order_it_stops_the_server_and_clears_up(
        self, child: subprocess.Popen[str], number: signal.Signals
    ) -> None:
        assert child.stdout is not None
        pid, folder = child.stdout.readline().split()
        child.send_signal(number)
        assert child.wait(GONE_SECONDS) != 0
        assert is_gone(int(pid))
        assert not Path(folder).exists()

    def test_by_kill_9_it_takes_the_server_with_it(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        pid, folder = child.stdout.readline().split()
        child.kill()
        wait_until_gone(int(pid))
        shutil.rmtree(Path(folder).parent)


def test_the_log_of_mongod_holds_no_contents_however_slow_a_query_is() -> None:
    with only_mongod() as mongod, MongoClient[dict[str, Any]](administrator_uri(mongod)) as client:
        client.admin.command("profile", 0, slowms=-1)  # every query counts as slow from now on
        client["test"]["partijen"].insert_one({"naam": "zq00qz"})
        assert client["test"]["partijen"].find_one({"naam": "zq00qz"})
        log = mongod.log_file.read_text()

    assert "Waiting for connections" in log, "it has to say something to be of any use here"
    assert "zq00qz" not in log
    assert "Slow query" not in log
