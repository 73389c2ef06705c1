"""Handles one of the heavy shapes in a process of its own, with all but MongoDB and Kafka as it is.

The register stands in that process too: its documents are part of the memory.
"""

import asyncio
import json
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import structlog

from schemas.positions import Position
from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.domain.policy import DEFAULT
from services.runtime.exactly_once.ports import Message
from services.runtime.garbage import search_less_often
from services.runtime.letters.sealing import Sealer
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.document_store import DocumentStore
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.stop_store import FakeStopStore
from tests.support.heavy_shapes import SLEUTELS, shapes

PATIENCE_SECONDS: Final = 120


@dataclass(frozen=True)
class Measured:
    """What a shape took. The batches before it do not count."""

    records: int
    bytes: int
    messages: int
    published_bytes: int
    cpu_seconds: float
    peak_mb: float


def measured(shape: str, *, most_bytes: int | None = None) -> Measured:
    """Handle a shape in a process whose address space has at most so many bytes (`RLIMIT_AS`).

    Raises CalledProcessError when it needs more, and when anything else goes wrong.
    """
    command = [sys.executable, "-m", __name__, shape, *([str(most_bytes)] if most_bytes is not None else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr[-2000:])
    return Measured(**json.loads(done.stdout))


class Forgetful:
    """A publisher that keeps nothing but the numbers."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self._committed = 0

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Count what would be published, and let others have their turn, as a real transaction does."""
        self.messages += len(messages)
        self.bytes += sum(len(message.value or b"") for message in messages)
        self._committed = next_offset
        await asyncio.sleep(0)

    async def is_committed(self, position: Position) -> bool:
        """Whether it lies before what was committed."""
        return position.offset < self._committed


async def main(name: str) -> None:
    """Handle a shape and print what it took."""
    shape = shapes()[name]()
    handler = Handler(
        read=lambda each: read(each, SLEUTELS, DEFAULT),
        store=DocumentStore(),
        stop_store=FakeStopStore(),
        letter_keys=FakeLetterKeys(),
        encoder=Encoder(Settings(), Sealer(bytes(32))),
        clock=FakeClock(),
        health=Health(),
        own_failures_limit=1,
    )
    publishers = [Forgetful() for _ in shape.now]
    for batch in shape.before:
        await handler.handle(batch, publishers[0])
    earlier_messages, earlier_bytes = publishers[0].messages, publishers[0].bytes
    began = time.process_time()
    async with asyncio.TaskGroup() as side_by_side:
        for batch, publisher in zip(shape.now, publishers, strict=True):
            side_by_side.create_task(handler.handle(batch, publisher))
    told = Measured(
        records=sum(map(len, shape.now)),
        bytes=sum(len(each.value or b"") for batch in shape.now for each in batch),
        messages=sum(each.messages for each in publishers) - earlier_messages,
        published_bytes=sum(each.bytes for each in publishers) - earlier_bytes,
        cpu_seconds=time.process_time() - began,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
    print(json.dumps(asdict(told)))  # noqa: T201 - to the caller


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    search_less_often()
    if sys.argv[2:]:
        most_bytes = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    asyncio.run(main(sys.argv[1]))
