"""Waiting for what is away: at the start as long as it takes, at the end hardly at all.

How long to wait for infrastructure that is away.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol, TypeVar

from services.runtime.ending import Ending
from services.runtime.errors import TransientFailure
from services.runtime.observe import metrics
from services.runtime.observe.health import START, Health

T = TypeVar("T")

CLOSE_SECONDS: Final = 1.0
"""For saying goodbye to a server. A client of MongoDB would look for one that is away for as long as it may."""


class Closable(Protocol):
    """A client of a server."""

    async def close(self) -> None:
        """Say goodbye."""


async def until_answered(step: Callable[[], Awaitable[T]], health: Health) -> T:
    """Take a step until no TransientFailure stops it, saying in readiness what is waited for; give its result."""
    for pause_seconds in pauses():
        try:
            return await step()
        except TransientFailure as failure:
            metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
            health.set(failure.part, str(failure), by=START)
        await asyncio.sleep(pause_seconds)
    raise AssertionError("pauses have no end")


@asynccontextmanager
async def repeated(step: Callable[[], Awaitable[None]], ending: Ending, *, seconds: float) -> AsyncIterator[None]:
    """Take a step again and again within the block, with a pause in between. What it raises ends the process."""

    async def repeat() -> None:
        while True:
            await step()
            await asyncio.sleep(seconds)

    repeating = asyncio.create_task(repeat())
    repeating.add_done_callback(ending.end_with)
    try:
        yield
    finally:
        repeating.cancel()


@asynccontextmanager
async def closed_soon(client: Closable) -> AsyncIterator[None]:
    """Close a client after the block, and don't wait for a server that is away."""
    try:
        yield
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.close()


FIRST_SECONDS = 0.1
"""Most interruptions (an election, a moved leader) are over within a second."""

CAP_SECONDS = 5.0
"""The longest pause: readiness must be back within 10 s of what it waited for."""


def pauses() -> Iterator[float]:
    """Give pauses in seconds without end, each up to twice the one before and at most CAP_SECONDS.

    Each lies anywhere in the upper half of its bound, so that instances that failed together don't come back
    together.
    """
    bound_seconds = FIRST_SECONDS
    while True:
        yield random.uniform(bound_seconds / 2, bound_seconds)  # noqa: S311 - it spreads load and keeps no secret
        bound_seconds = min(bound_seconds * 2, CAP_SECONDS)


def pauses_within(patience_seconds: float) -> Iterator[float]:
    """Give pauses as `pauses` does, for as long as together they stay within a bound."""
    left_seconds = patience_seconds
    for pause_seconds in pauses():
        left_seconds -= pause_seconds
        if left_seconds < 0:
            return
        yield pause_seconds
