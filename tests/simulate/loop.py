"""An event loop with a clock that jumps, for several processes of which each can be killed or frozen at any await.

The loop keeps asyncio's own order of callbacks, on which the product may rely. What is left to chance is when a server
takes a request and when its answer comes (`world.py`), so every order of steps that it shows can really happen.
"""

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from itertools import count
from typing import Any
from unittest.mock import patch


class Process:
    """A process of the simulated world. Its tasks and callbacks are those that were made in its context."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_alive = True
        self._held: list[asyncio.Handle] | None = None
        """The steps that wait while it is frozen. Those of a killed process never run."""

    def freeze(self) -> None:
        """Stop it as SIGSTOP does."""
        self._held = self._held or []

    def thaw(self, loop: "SimulatedLoop") -> None:
        """Continue it where it stopped, with everything that arrived meanwhile."""
        if self.is_alive:
            self.revive(loop)

    def kill(self) -> None:
        """End it as `kill -9` does: no step of it runs any more, not even a `finally`."""
        self.is_alive = False
        self.freeze()

    def revive(self, loop: "SimulatedLoop") -> None:
        """Run its remaining steps, so that Python can clean up."""
        held, self._held = self._held or [], None
        loop.resume(held)

    def holds(self, handle: asyncio.Handle) -> bool:
        """Whether a step has to wait. Then the process keeps it."""
        if self._held is not None:
            self._held.append(handle)
        return self._held is not None


PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)
"""The process to which a step belongs. None: a server, the network, or a client that no fault hits."""


class Idle(Exception):
    """No step and no timer is left."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs what is ready. When nothing is, it jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._ready: deque[asyncio.Handle]
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = count()

    def time(self) -> float:
        """Return the seconds since the world began."""
        return self._now

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call at a moment."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def resume(self, handles: list[asyncio.Handle]) -> None:
        """Run these steps next."""
        self._ready.extend(handles)

    def _write_to_self(self) -> None:
        pass  # nothing waits in a selector

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        if not ready:
            if not timers:
                raise Idle
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            ready.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            handle: Any = ready.popleft()
            process = handle._context.get(PROCESS)
            if not handle._cancelled and (process is None or not process.holds(handle)):
                handle._run()


@contextmanager
def simulated_time(loop: SimulatedLoop) -> Iterator[None]:
    """Make the clocks of Python's `time` show the loop's time within the block."""
    with (
        patch.object(time, "monotonic", loop.time),
        patch.object(time, "perf_counter", loop.time),
        patch.object(time, "time", loop.time),
        patch.object(time, "time_ns", lambda: round(loop.time() * 1e9)),
    ):
        yield
