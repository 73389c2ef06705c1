"""`klantcontact up` as a person starts it in a terminal, and what they type in another one."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from services.local.servers.stack import KafkaKind, MongoKind, Stack
from services.local.system import System
from services.runtime.settings import PREFIX, Settings
from tests.support.commands import environment
from tests.support.waiting import wait_for

FEW_PARTITIONS: Final = {"KLANTCONTACT_TOPIC_PARTITIONS": "2"}
"""For whoever types beside it too: `doctor` compares them."""

START_SECONDS: Final = 90.0
STOP_SECONDS: Final = 60

COMMAND: Final = (sys.executable, "-m", "services.cli")


@contextmanager
def up_process(
    folder: Path, *, home: Path | None = None, variables: Mapping[str, str] | None = None
) -> Iterator["UpProcess"]:
    """Yield the process when all of it runs. It ends with the block, however far it got."""
    up = UpProcess(folder, home=home, variables=variables)
    try:
        up.wait_until_up()
        yield up
    finally:
        up.end()


class UpProcess:
    """The process, from its start."""

    def __init__(self, folder: Path, *, home: Path | None, variables: Mapping[str, str] | None) -> None:
        """`folder`: of its screen, and of its data unless `home` names another one."""
        self._screen = folder / "screen"
        self._plain = environment() | FEW_PARTITIONS | dict(variables or {})
        self.home = home or folder / "home"
        with self._screen.open("wb") as screen:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--folder", str(self.home)],
                env=self._plain,
                stdout=screen,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def screen(self) -> str:
        """Return what it has written so far."""
        return self._screen.read_text()

    def wait_until_up(self) -> None:
        """Wait until all of it runs."""
        wait_for(
            "everything is up",
            lambda: "Ctrl-C stops it all" in self.screen() or self.process.poll() is not None,
            seconds=START_SECONDS,
        )
        assert self.process.poll() is None, self.screen()
        assert self.screen().startswith("Starting Kafka, MongoDB and the services …\n")

    def exported(self) -> dict[str, str]:
        """Return what the screen says to type in another terminal."""
        return dict(re.findall(r"export (\w+)='?([^'\n]+)'?", self.screen()))

    def address_of(self, name: str) -> str:
        """Return where a service, or the intake of channels, listens: host and port."""
        found = re.search(rf"^{name} +http://([\w.]+:\d+)/", self.screen(), re.MULTILINE)
        assert found, self.screen()
        return found[1]

    def system(self) -> System:
        """Return its servers and settings as an operator has them."""
        exported = self.exported()
        uri = Path(exported["KLANTCONTACT_MONGO_URI_FILE"]).read_text()
        values = {name.removeprefix(PREFIX).lower(): value for name, value in exported.items()}
        settings = Settings.model_validate(
            values | {"intake_port": int(self.address_of("channels").rpartition(":")[2])}
        )
        kafka = settings.kafka_bootstrap
        stack = Stack(kafka_bootstrap=kafka, mongo_uri=uri, kafka_kind=KafkaKind.GIVEN, mongo_kind=MongoKind.GIVEN)
        return System(stack, {}, settings, self.home, {})

    def family(self) -> list[psutil.Process]:
        """Return all processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def press_ctrl_c(self) -> int:
        """Return the exit status after Ctrl-C."""
        os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        """End it, however far it got."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)


def alive(family: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run."""
    return [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
