"""`klantcontact up`: the whole system on one machine, and nothing of it afterwards."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from services.local.servers.stack import Stack
from tests.support.commands import environment
from tests.support.contacts import contact_ended
from tests.support.waiting import wait_for

START_SECONDS = 90.0
STOP_SECONDS = 60

COMMAND = [sys.executable, "-m", "services.cli"]


@pytest.fixture
def system(stack: Stack, tmp_path: Path) -> Iterator["System"]:
    """The system beside the stack of the session, whose start has fetched what there is to fetch."""
    assert stack.kafka_bootstrap
    running = System(tmp_path)
    yield running
    running.end()


class System:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._screen = folder / "screen"
        plain = environment()
        self._plain = plain
        with self._screen.open("wb") as screen:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--folder", str(folder / "home")],
                env=plain | {"KLANTCONTACT_TOPIC_PARTITIONS": "2"},
                stdout=screen,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def screen(self) -> str:
        return self._screen.read_text()

    def wait_until_up(self) -> None:
        wait_for(
            "everything is up",
            lambda: "Ctrl-C stops it all" in self.screen() or self.process.poll() is not None,
            seconds=START_SECONDS,
        )
        assert self.process.poll() is None, self.screen()
        assert self.screen().startswith("Starting Kafka, MongoDB and the services …\n")

    def exported(self) -> dict[str, str]:
        """What the screen says to type in another terminal."""
        return dict(re.findall(r"export (\w+)='?([^'\n]+)'?", self.screen()))

    def klantcontact(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*COMMAND, *arguments], env=self._plain | self.exported(), check=True, timeout=60)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(STOP_SECONDS)


def test_an_event_is_stored_and_ctrl_c_leaves_nothing(system: System, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps(contact_ended("c-1")))
    system.wait_until_up()
    family = system.family()

    system.klantcontact("publish", str(events))

    operator = Path(system.exported()["KLANTCONTACT_MONGO_URI_FILE"])
    assert stat.S_IMODE(operator.stat().st_mode) == 0o600
    assert operator.read_text().split(":")[2].split("@")[0] not in system.screen()
    with MongoClient[dict[str, Any]](operator.read_text()) as client:
        wait_for("the klantcontact is stored", client["klantcontact"]["klantcontacten"].find_one)
        wait_for("the interne taak is stored", client["klantcontact"]["interne_taken"].find_one)
    os.kill(system.process.pid, signal.SIGINT)
    assert system.process.wait(STOP_SECONDS) == 0
    assert len(family) >= 4
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_service_that_ends_by_itself_ends_all_with_its_log_on_the_screen(system: System) -> None:
    system.wait_until_up()
    family = system.family()
    projector = next(child for child in family if child.cmdline()[-2:] == ["run", "projector"])

    projector.kill()

    assert system.process.wait(STOP_SECONDS) == 1
    assert "The projector has ended. The end of its log:" in system.screen()
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
