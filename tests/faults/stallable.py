"""A service whose consumer stops polling at SIGUSR1, as when it hangs, and continues at SIGUSR2.

It also logs how long the machine kept it from running (`LATE`): nobody can promise anything for that time. A step of
its own that takes long does not count, since the process uses a processor meanwhile.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli import main

LOOK_SECONDS = 0.05

LATE = "process.late"
"""Logged after each time that the machine gave the process its turn too late."""

LATE_SECONDS = 0.1

_poll = AIOKafkaConsumer.getmany
_is_stalled = False


async def _poll_unless_stalled(consumer: AIOKafkaConsumer, *places: TopicPartition, **options: int) -> dict[Any, Any]:
    while _is_stalled:  # noqa: ASYNC110 - a signal handler may not set an asyncio.Event
        await asyncio.sleep(LOOK_SECONDS)
    fetched: dict[Any, Any] = await _poll(consumer, *places, **options)
    return fetched


def _stall(number: int, _frame: object) -> None:
    global _is_stalled  # noqa: PLW0603 - a signal handler has nothing else
    _is_stalled = number == signal.SIGUSR1


def _tell_when_late() -> None:
    while True:
        due, used_seconds = time.monotonic() + LATE_SECONDS, time.process_time()
        time.sleep(LATE_SECONDS)
        late_seconds = time.monotonic() - due - (time.process_time() - used_seconds)
        if late_seconds > LATE_SECONDS:
            line = {"event": LATE, "timestamp": datetime.now(UTC).isoformat(), "seconds": late_seconds}
            sys.stderr.write(f"{json.dumps(line)}\n")


if __name__ == "__main__":
    threading.Thread(target=_tell_when_late, daemon=True).start()
    AIOKafkaConsumer.getmany = _poll_unless_stalled
    signal.signal(signal.SIGUSR1, _stall)
    signal.signal(signal.SIGUSR2, _stall)
    main()
