"""Whatever happens to the mapper and to MongoDB, each message in a raw topic is an event or a letter, once."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from services.local.servers.mongod import administrator_uri, mongod_server
from services.local.system import COMMAND
from services.runtime.observe.health import Part
from tests.faults.struck_at_work import struck_by
from tests.support.mappings import MESSAGE
from tests.support.raw_channels import JSON_TYPE, RawChannels, headers_of, place_in, small_channel
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

MANY = 3_000
"""Some batches of each partition: enough to be in the middle of one."""


class MapperWorld(RawChannels):
    """A channel with two partitions, and the instances that map it."""

    def __init__(self, raw: RawChannels, folder: Path, undo: ExitStack) -> None:
        super().__init__(raw.settings.model_copy(update={"batch_size": 50}))
        (self.topic,) = self.settings.raw_topics
        self.places: list[str] = []
        self._folder = folder
        self._undo = undo
        self._numbers = count()

    def start(self, *, program: Sequence[str] = COMMAND) -> ServiceProcess:
        """Start an instance."""
        log_file = self._folder / f"mapper-{next(self._numbers)}.log"
        process = ServiceProcess("mapper", self.settings, log_file, program=program)
        process.server.spawn()
        self._undo.callback(process.server.kill)
        return process

    def send(self, number: int, *, readable: bool = False) -> None:
        """Send so many messages, of which each tenth can't be read unless all are to be."""
        first = len(self.places)
        values = [
            b"{" if each % 10 == 9 and not readable else json.dumps({**MESSAGE, "id": f"g-{each}"}).encode()
            for each in range(first, first + number)
        ]
        self.places += self.publish((self.topic, value, [JSON_TYPE]) for value in values)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Send without pause within the block."""
        stopped = threading.Event()

        def send() -> None:
            while not stopped.wait(0.05):
                self.send(20)

        sending = threading.Thread(target=send)
        sending.start()
        try:
            yield
        finally:
            stopped.set()
            sending.join()

    def outcomes(self) -> Counter[str]:
        """Count what a committed reader sees, by the place of the message."""
        self.wait_until_mapped(len(self.places))
        return Counter([headers_of(each)["bericht"] for each in self.events()] + [place_in(e) for e in self.letters()])


@contextmanager
def world_on(kafka: str, mongo: str, *, topics: str, database: str, folder: Path) -> Iterator[MapperWorld]:
    """A channel with the small mapping; at the end every process is killed, also a paused one."""
    raw = small_channel(kafka=kafka, mongo=mongo, name=topics, database=database, folder=folder)
    with ExitStack() as undo:
        yield MapperWorld(raw, folder, undo)


@pytest.fixture
def world(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[MapperWorld]:
    with world_on(kafka_bootstrap, mongo_uri, topics=topics, database=database, folder=tmp_path) as made:
        yield made


def _assigned(process: ServiceProcess) -> int:
    assignments = process.log("partitions.assigned")
    return sum(map(len, assignments[-1]["partitions"].values())) if assignments else 0


def _has(process: ServiceProcess, partitions: int) -> None:
    wait_for(f"{partitions} partitions are assigned", lambda: _assigned(process) == partitions)


def _end_of(process: ServiceProcess) -> int:
    wait_for("it has ended", lambda: not process.server.is_running)
    return process.wait()


def test_killed_in_the_middle_of_a_batch_and_started_again(world: MapperWorld) -> None:
    world.send(MANY)
    for _ in range(2):
        dying = world.start(program=struck_by(signal.SIGKILL))
        assert _end_of(dying) == -signal.SIGKILL
    assert world.committed() < MANY
    world.start()
    assert world.outcomes() == Counter(world.places)


def test_frozen_beyond_its_session_woken_and_restarted_under_load(world: MapperWorld) -> None:
    sleeper, other = world.start(), world.start()
    with world.stream():
        for process in (sleeper, other):
            _has(process, 1)
        sleeper.server.pause()
        _has(other, 2)
        sleeper.server.resume()
        _has(other, 1)
        assert other.terminate() == 0
        _has(sleeper, 2)
        sleeper.server.kill()
        world.start()
    assert world.outcomes() == Counter(world.places)


def test_while_mongodb_is_away_events_go_on_and_letters_wait(kafka_bootstrap: str, topics: str, tmp_path: Path) -> None:
    with (
        mongod_server(tmp_path / "mongod") as mongod,
        world_on(
            kafka_bootstrap, administrator_uri(mongod), topics=topics, database="klantcontact", folder=tmp_path
        ) as world,
    ):
        process = world.start()
        world.send(10)
        world.wait_until_mapped(10)
        mongod.stop()
        wait_for("readiness names MongoDB", lambda: Part.MONGODB in process.reasons())
        world.send(20, readable=True)
        world.wait_until_mapped(30)
        world.send(20)
        wait_for("a batch waits for MongoDB", lambda: process.measured("klantcontact_transient_failures_total"))
        assert world.committed() < len(world.places)
        assert len(world.letters()) == 1
        mongod.start()
        wait_for("it is ready again", process.is_ready)
        assert world.outcomes() == Counter(world.places)
        assert process.terminate() == 0
