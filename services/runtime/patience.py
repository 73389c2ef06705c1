"""Waiting at the start for what is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.runtime import metrics
from services.runtime.backoff import pauses
from services.runtime.errors import TransientFailure
from services.runtime.health import Health

T = TypeVar("T")


async def until_answered(step: Callable[[], Awaitable[T]], health: Health) -> T:
    """Take a step until no TransientFailure stops it, saying in readiness what is waited for; give its result."""
    for pause_seconds in pauses():
        try:
            return await step()
        except TransientFailure as failure:
            metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
            health.set(failure.part, str(failure))
        await asyncio.sleep(pause_seconds)
    raise AssertionError("pauses have no end")
