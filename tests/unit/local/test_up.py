"""`klantcontact up`, without the servers and services that it starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.local import up
from services.local.servers.stack import KafkaKind, MongoKind, Stack
from services.local.system import System
from services.runtime.settings import Settings

STACK = Stack(
    kafka_bootstrap="127.0.0.1:19092",
    mongo_uri="mongodb://127.0.0.1:17017",
    kafka_kind=KafkaKind.JARS,
    mongo_kind=MongoKind.WHEEL,
)


def test_ctrl_c_stops_it_as_soon_as_the_screen_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def running(*_: object, **__: object) -> Iterator[System]:
        yield System(STACK, {}, Settings(), tmp_path, {})

    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("Ctrl-C stops it all"):
            raise KeyboardInterrupt

    monkeypatch.setattr(up, "running_system", running)
    try:
        up.run(Settings(), folder=tmp_path, say=say)
    except KeyboardInterrupt:
        pytest.fail("it ended as a command that is interrupted")
    assert said[-1] == "Stopping."
