"""A service whose consumer stops polling at SIGUSR1, as when it hangs, and continues at SIGUSR2."""

import asyncio
import signal
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli import main

LOOK_SECONDS = 0.05

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


if __name__ == "__main__":
    AIOKafkaConsumer.getmany = _poll_unless_stalled
    signal.signal(signal.SIGUSR1, _stall)
    signal.signal(signal.SIGUSR2, _stall)
    main()
