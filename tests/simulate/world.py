"""The simulated world: its time, its chance, its network, and what happened in it.

Every request of a service to a server passes `ask`. A request that was sent arrives, also when the process that sent it
dies or sleeps meanwhile. Each takes a time that chance gives. At the number that the plan says, a fault happens.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import Context
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from tests.simulate.faults import FaultKind
from tests.simulate.loop import PROCESS, Process

T = TypeVar("T")

LATENCY_SECONDS: Final = 0.002
"""Of one way, on average."""

FOREVER_SECONDS: Final = 1e9

SOON_SECONDS: Final = 1.0

BEGAN_AT: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""When the world begins."""


class ConnectionBroken(Exception):
    """The connection broke: the request or its answer is lost. A client turns it into its driver's own error."""


class World:
    """One run of one plan."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seed: int, faults: Mapping[int, FaultKind]) -> None:
        self.loop = loop
        self.chance = random.Random(seed)
        self.requests = 0
        """The requests at which faults can happen, so far."""
        self.happened: Counter[FaultKind] = Counter()
        self.trace: list[str] = []
        self.violations: list[str] = []
        self.on_fault: dict[FaultKind, Callable[[Process], None]] = {}
        """The effect of a fault beyond its own request, by its kind."""
        self.on_death: Callable[[Process], None] = Process.kill
        """Called with a process that dies."""
        self.may_fail: Callable[[], bool] = lambda: True
        """Whether a fault may happen now."""
        self.is_over = False
        """Whether no server answers any more."""
        self._faults = faults

    @property
    def now(self) -> float:
        """The seconds since the world began."""
        return self.loop.time()

    def later(self, seconds: float, step: Callable[[], object]) -> None:
        """Call `step` after a time, outside every process."""
        self.loop.call_later(seconds, step, context=Context())

    def latency(self) -> float:
        """Return how long one way takes."""
        return self.chance.expovariate(1 / LATENCY_SECONDS)

    def note(self, text: str) -> None:
        """Add a line to the trace."""
        process = PROCESS.get()
        self.trace.append(f"{self.now:9.4f} {process.name if process else 'world':<14} {text}")

    def violated(self, text: str) -> None:
        """Note a violation."""
        if text not in self.violations:
            self.note(f"VIOLATED: {text}")
            self.violations.append(text)

    async def ask(self, what: str, work: Callable[[], T], *, can_fail: bool = True) -> T:
        """Send a request, let a server work, and return its answer. Raises what the server raises, or
        ConnectionBroken.

        `can_fail`: whether it counts among the requests at which a fault can happen.
        """
        if self.is_over:
            raise asyncio.CancelledError
        fault = self._next_fault(what) if can_fail else None
        answered: asyncio.Future[T] = self.loop.create_future()

        def arrive() -> None:
            try:
                tell = partial(answered.set_result, work())
            except Exception as error:  # noqa: BLE001 - it is the answer
                tell = partial(answered.set_exception, error)
            self.later(self.latency(), lambda: answered.done() or tell())

        if fault is FaultKind.CRASH_BEFORE:
            await self._die()
        if fault is not FaultKind.LOST_REQUEST:
            self.later(self.latency(), arrive)
        if fault is FaultKind.CRASH_AFTER:
            await self._die()
        if fault in (FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER):
            # Only once the request has arrived, or would have.
            await asyncio.sleep(LATENCY_SECONDS * 20)
            raise ConnectionBroken
        return await answered

    def _next_fault(self, what: str) -> FaultKind | None:
        process = PROCESS.get()
        if process is None:
            return None
        number = self.requests
        self.requests += 1
        fault = self._faults.get(number)
        self.note(f"#{number} {what}")
        if fault is None or not self.may_fail():
            return None
        self.happened[fault] += 1
        self.note(f"FAULT {fault}")
        if step := self.on_fault.get(fault):
            step(process)
        return fault

    async def _die(self) -> None:
        process = PROCESS.get()
        assert process is not None, "only a process meets faults"
        self.on_death(process)
        await asyncio.sleep(FOREVER_SECONDS)


class WorldAtOnce(World):
    """A world without faults for a test that has an event loop of its own. It skips every short wait."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), 0, {})

    def later(self, seconds: float, step: Callable[[], object]) -> None:
        """Call `step` at once if it is due soon, and never otherwise."""
        if seconds < SOON_SECONDS:
            step()
