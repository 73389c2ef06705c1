"""How fast processes get through topics, seen from outside: by the positions that their group commits."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from services.local.servers.process import dies_with_us
from tests.benchmarks.figures import PROCESS, Run
from tests.benchmarks.ground import Filled, Ground
from tests.benchmarks.processes import cpu_seconds, peak_mb

LOOK_SECONDS: Final = 0.05
"""Between two looks at the positions. Each costs Kafka and this process a little."""

WARM_SHARE: Final = 0.15
"""Of the topics, which does not count: a process that has just started connects, imports and fills its caches."""

SHARED_SHARE: Final = 0.35
"""The same where several processes share the topics: until all have joined their group, one works alone."""

STILL_SECONDS: Final = 20.0
"""A group that commits nothing for so long is stuck."""

START_SECONDS: Final = 60.0
END_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """Processes of one group that read topics to their end."""

    name: str
    command: Sequence[str]
    group: str
    filled: Filled
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()
    instances: int = 1


@dataclass(frozen=True)
class Look:
    """How far a group is at a moment, and the CPU that was used until then."""

    moment: float
    position: int
    cpu_seconds: Mapping[str, float]


def measure(ground: Ground, job: Job) -> Run:
    """Run processes until their group has committed all of the topics. Their first part does not count.

    Raises RuntimeError, with the end of the log, when one of them ends or the group stands still.
    """
    [run] = measure_parts(ground, job, [WARM_SHARE if job.instances == 1 else SHARED_SHARE, 1.0])
    return run


def measure_parts(ground: Ground, job: Job, shares: Sequence[float]) -> list[Run]:
    """Return a run for each part between two shares of the topics, as `measure` does for one.

    A part begins and ends at the first look behind its share.
    """
    with watched(ground, job) as seen:
        looks = [seen.until(share) for share in shares]
        return [seen.run(first, last) for first, last in pairwise(looks)]


@contextmanager
def running(job: Job, folder: Path) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start the processes of a job for the block. Their logs stand in a folder."""
    with ExitStack() as undo:
        processes = []
        for number in range(job.instances):
            log = undo.enter_context(_log(job, folder, number).open("wb"))
            process = subprocess.Popen(
                [*dies_with_us(), *job.command],
                cwd=job.folder,
                env={**os.environ, **job.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            undo.callback(_end, process)
            processes.append(process)
        yield processes


def _log(job: Job, folder: Path, number: int) -> Path:
    return folder / f"{job.name}-{number}.log"


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def watched(ground: Ground, job: Job) -> Iterator["Watched"]:
    """Run the processes of a job for the block, and look at them."""
    reader = Consumer({"bootstrap.servers": ground.bootstrap, "group.id": job.group, "log_level": 0})
    with running(job, ground.folder) as processes:
        try:
            yield Watched(ground, job, processes, reader)
        finally:
            reader.close()


class Watched:
    """Running processes, and the positions of their group."""

    def __init__(
        self, ground: Ground, job: Job, processes: Sequence["subprocess.Popen[bytes]"], reader: Consumer
    ) -> None:
        self.processes = processes
        self.length = sum(job.filled.ends.values())
        self._ground = ground
        self._job = job
        self._reader = reader

    def look(self) -> Look:
        """Return how far the group is now."""
        return Look(time.monotonic(), self._position(), self._cpu_seconds())

    def run(self, first: Look, last: Look) -> Run:
        """Return what happened between two looks. Raises RuntimeError when that is nothing."""
        if last.position <= first.position:
            raise RuntimeError(f"{self._job.name} was done between two looks: set KLANTCONTACT_BENCH_EVENTS higher")
        return Run(
            name=self._job.name,
            events=round(self._job.filled.events * (last.position - first.position) / self.length),
            seconds=last.moment - first.moment,
            cpu_seconds={name: last.cpu_seconds[name] - first.cpu_seconds[name] for name in last.cpu_seconds},
            peak_mb=max(peak_mb(process.pid) for process in self.processes),
        )

    def until(self, share: float) -> Look:
        """Return the first look at which the group is so far. Raises RuntimeError as `measure` does."""
        patience = START_SECONDS
        seen, since = -1, time.monotonic()
        while True:
            position = self._position()
            now = time.monotonic()
            if position >= share * self.length:
                return Look(now, position, self._cpu_seconds())
            if position > seen:
                patience = STILL_SECONDS if position else START_SECONDS
                seen, since = position, now
            if now - since > patience:
                self._give_up(f"committed {position} of {self.length}, and nothing for {patience:.0f} s")
            time.sleep(LOOK_SECONDS)

    def _position(self) -> int:
        for number, process in enumerate(self.processes):
            if process.poll() is not None:
                self._give_up(f"{number} ended with status {process.returncode}", number)
        asked = [TopicPartition(topic, partition) for topic, partition in self._job.filled.ends]
        try:
            committed = self._reader.committed(asked, timeout=30)
        except KafkaException:
            return 0  # the coordinator of a new group is still being found
        ends = self._job.filled.ends
        # A position may lie behind the marker of a transaction, which is no event.
        return sum(min(max(each.offset, 0), ends[each.topic, each.partition]) for each in committed)

    def _cpu_seconds(self) -> dict[str, float]:
        ours = sum(cpu_seconds(process.pid) for process in self.processes)
        return {PROCESS: ours, **self._ground.cpu_seconds()}

    def _give_up(self, why: str, number: int = 0) -> None:
        log = _log(self._job, self._ground.folder, number).read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{self._job.name} {why}. The end of its log:\n{log[-3000:]}")
