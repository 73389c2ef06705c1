"""Readiness falls within ten seconds when the consumer, the broker or the database stops, and comes back with it.

A server that stops here stands still (SIGSTOP): its connections stay open and nothing answers, which is harder to
notice than one that is gone.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest

from services.local.servers.process import Server
from services.local.servers.stack import Stack
from services.runtime.observe.health import Part
from tests.faults.classifier_process import World
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

FALL_SECONDS = 10.0

STALLABLE = (sys.executable, str(Path(__file__).with_name("stallable.py")))


@contextmanager
def _stalled(process: ServiceProcess) -> Iterator[None]:
    os.kill(process.server.pid, signal.SIGUSR1)
    yield
    os.kill(process.server.pid, signal.SIGUSR2)


@contextmanager
def _paused(server: Server | None) -> Iterator[None]:
    assert server is not None, "the local stack started it"
    server.pause()
    try:
        yield
    finally:
        server.resume()


def _falls_for(process: ServiceProcess, part: Part) -> bool:
    """Whether this part alone is a reason not to be ready."""
    return set(process.reasons()) == {part}


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@pytest.mark.parametrize("service", ["classifier", "projector"])
def test_readiness_falls_within_ten_seconds_and_comes_back(
    own_stack: Stack, own_world: World, tmp_path: Path, service: str, *, busy: bool
) -> None:
    process = ServiceProcess(service, own_world.settings, tmp_path / f"{service}.log", program=STALLABLE)
    with process, own_world.stream(per_second=100) if busy else nullcontext():
        if busy and service == "projector":
            own_world.start()
        wait_for("it is ready", process.is_ready)
        for part, fault in (
            (Part.KAFKA, _stalled(process)),
            (Part.KAFKA, _paused(own_stack.kafka)),
            (Part.MONGODB, _paused(own_stack.mongod)),
        ):
            with fault:
                # A broker that wakes has lost its registration. So Kafka is away once more, for a second.
                wait_for("readiness falls", partial(_falls_for, process, part), seconds=FALL_SECONDS)
                assert process.status("/livez") == 200
            wait_for("it is ready again", process.is_ready)

    lost = [line["part"] for line in process.log("health.lost")]
    assert set(lost) == {Part.KAFKA, Part.MONGODB}
