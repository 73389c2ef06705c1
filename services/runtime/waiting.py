"""Waiting for a server that is away: at the start as long as it takes, at the end hardly at all."""

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

FIRST_SECONDS: Final = 0.1
"""The first pause, at most. Most interruptions (an election, a moved leader) are over within a second."""

CAP_SECONDS: Final = 5.0
"""The longest pause. Readiness must be back within 10 s of the server that it waited for."""

CLOSE_SECONDS: Final = 1.0
"""Patience with closing a client. MongoDB's client would look for a server that is away for its whole timeout."""


def pauses() -> Iterator[float]:
    """Yield pauses in seconds without end. Their bound doubles up to CAP_SECONDS.

    Each lies anywhere in the upper half of its bound, so that instances that failed together don't retry together.
    """
    bound_seconds = FIRST_SECONDS
    while True:
        yield random.uniform(bound_seconds / 2, bound_seconds)  # noqa: S311 - it spreads load and keeps no secret
        bound_seconds = min(bound_seconds * 2, CAP_SECONDS)


def pauses_within(patience_seconds: float) -> Iterator[float]:
    """Yield pauses as `pauses` does, as long as their sum stays within `patience_seconds`."""
    left_seconds = patience_seconds
    for pause_seconds in pauses():
        left_seconds -= pause_seconds
        if left_seconds < 0:
            return
        yield pause_seconds


class Closable(Protocol):
    """A client of a server."""

    async def close(self) -> None:
        """Close its connections."""


async def until_answered(step: Callable[[], Awaitable[T]], health: Health) -> T:
    """Retry a step while it raises TransientFailure, report that to readiness, and return the step's result."""
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
    """Repeat a step in the background within the block, with a pause in between. An error in it ends the process."""

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
    """Close a client after the block, without waiting for a server that is away."""
    try:
        yield
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.close()
