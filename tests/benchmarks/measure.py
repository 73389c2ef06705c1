"""How fast a process gets through a topic, seen from outside: by the positions that its group commits."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import Consumer, KafkaException, TopicPartition

LOOK_SECONDS = 0.02
STILL_SECONDS = 5.0
"""A group that commits nothing for so long is at the end, or stuck."""
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Result:
    """What one run showed."""

    name: str
    events: int
    seconds: float
    peak_memory_mb: float
    cpu_seconds: float

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds


def measure(
    name: str,
    command: Sequence[str],
    *,
    bootstrap: str,
    group: str,
    topics: Sequence[str],
    events: int,
    environment: Mapping[str, str],
    log: Path,
) -> Result:
    """Run a process until its group has committed all of the topics.

    The clock runs from its first commit to its last, so that starting up does not count, nor do the events before the
    first commit. `events` is what the topics hold.
    """
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    partitions = [
        TopicPartition(topic, number)
        for topic in topics
        for number in reader.list_topics(topic).topics[topic].partitions
    ]
    ends = sum(reader.get_watermark_offsets(each)[1] for each in partitions)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], env={**os.environ, **environment}, stdout=output, stderr=output
        )
        try:
            first, last = _watch(reader, partitions, process, ends, log)
            peak = _peak_memory_mb(process.pid)
            used = psutil.Process(process.pid).cpu_times()
        finally:
            process.terminate()
            process.wait(30)
            reader.close()
    share = (last[1] - first[1]) / last[1]
    return Result(name, round(events * share), last[0] - first[0], peak, used.user + used.system)


def _watch(
    reader: Consumer, partitions: list[TopicPartition], process: "subprocess.Popen[bytes]", ends: int, log: Path
) -> tuple[tuple[float, int], tuple[float, int]]:
    first: tuple[float, int] | None = None
    last = (time.monotonic(), 0)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"It ended with status {process.returncode}:\n{log.read_text()[-3000:]}")
        position = _position(reader, partitions)
        now = time.monotonic()
        if position > last[1]:
            last = (now, position)
            first = first or last
        # Records of a transaction are followed by a marker that nobody commits: the very end may never be reached.
        if first and (position >= ends or now - last[0] > STILL_SECONDS):
            return first, last
        time.sleep(LOOK_SECONDS)
    raise RuntimeError("the topic was not read to its end in time")


def _position(reader: Consumer, partitions: list[TopicPartition]) -> int:
    try:
        committed = reader.committed(partitions, timeout=30)
    except KafkaException:
        return 0  # the coordinator of a new group is still being found
    return sum(max(each.offset, 0) for each in committed)


def _peak_memory_mb(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024
