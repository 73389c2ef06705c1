"""Readiness falls within ten seconds when the consumer, the broker or the database stops, and comes back with it.

A server that stops here stands still (SIGSTOP): its connections stay open and nothing answers, which is harder to
notice than one that is gone. The ten seconds are those of a service that runs: while a busy machine gives it no turn,
none of them passes.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.local.servers.process import Server
from services.local.servers.stack import Stack
from services.runtime.observe.health import Part
from tests.faults.classifier_process import World
from tests.faults.stallable import LATE
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

FALL_SECONDS = 10.0

SOON = timedelta(seconds=0.2)
"""A process that got its turn again notices several things at once, in any order."""

STALLABLE = (sys.executable, str(Path(__file__).with_name("stallable.py")))


@contextmanager
def _stalled(processes: Sequence[ServiceProcess]) -> Iterator[None]:
    for each in processes:
        os.kill(each.server.pid, signal.SIGUSR1)
    yield
    for each in processes:
        os.kill(each.server.pid, signal.SIGUSR2)


@contextmanager
def _paused(server: Server | None) -> Iterator[None]:
    assert server is not None, "the local stack started it"
    server.pause()
    try:
        yield
    finally:
        server.resume()


def _fall_for(processes: Sequence[ServiceProcess], part: Part) -> bool:
    """Whether this part alone is a reason of each not to be ready."""
    return all(set(each.reasons()) == {part} for each in processes)


def _fell_after(process: ServiceProcess, part: Part, began: datetime) -> float:
    """Return how many seconds after a moment it noticed that a part is away, without those in which it had no turn."""
    lost = (_moment(line) for line in process.log("health.lost") if line["part"] == part)
    fell = next(moment for moment in lost if moment >= began)
    late: float = sum(line["seconds"] for line in process.log(LATE) if began <= _moment(line) <= fell + SOON)
    return (fell - began).total_seconds() - late


def _moment(line: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(line["timestamp"])


def _are_ready(processes: Sequence[ServiceProcess]) -> bool:
    return all(each.is_ready() for each in processes)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_readiness_of_both_services_falls_within_ten_seconds_and_comes_back(
    own_stack: Stack, own_world: World, tmp_path: Path, *, busy: bool
) -> None:
    classifier, projector = both = [
        ServiceProcess(service, own_world.settings, tmp_path / f"{service}.log", program=STALLABLE)
        for service in ("classifier", "projector")
    ]
    with classifier, projector, own_world.stream(per_second=100) if busy else nullcontext():
        wait_for("they are ready", partial(_are_ready, both))
        for part, fault in (
            (Part.KAFKA, _stalled(both)),
            (Part.KAFKA, _paused(own_stack.kafka)),
            (Part.MONGODB, _paused(own_stack.mongod)),
        ):
            began = datetime.now(UTC)
            with fault:
                # A broker that wakes has lost its registration. So Kafka is away once more, for a second.
                wait_for("readiness falls", partial(_fall_for, both, part))
                assert max(_fell_after(each, part, began) for each in both) <= FALL_SECONDS
                assert [each.status("/livez") for each in both] == [200, 200]
            wait_for("they are ready again", partial(_are_ready, both))

    for each in both:
        assert {line["part"] for line in each.log("health.lost")} == {Part.KAFKA, Part.MONGODB}
