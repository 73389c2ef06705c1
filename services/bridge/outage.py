"""The breaker: what all lanes do while Open Klant does not answer.

A lane retries by itself at first. After some failures in a row, on whatever lane, all lanes wait, and one of them asks
Open Klant every ten seconds whether it answers again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import structlog

from services.bridge.answers import AnsweredCalls
from services.bridge.errors import OPEN_KLANT, NotServed, OrphanedAddress, TokenRefused, Unavailable
from services.runtime.observe import bridge_metrics
from services.runtime.observe.health import Health

log = structlog.get_logger()

FAILURES: Final = 5
"""In a row. A single worker of Open Klant that is restarted makes one or two."""

PROBE_SECONDS: Final = 10.0

FIRST_SECONDS: Final = 0.5
CAP_SECONDS: Final = 60.0
"""The pauses of one lane, which double from the one to the other."""

ADMISSION: Final = "admission"
"""As a reporter to readiness: Open Klant that is down leaves the bridge ready. A refused token does not, nor does
another server that answers in its place.
"""

Sleep = Callable[[float], Awaitable[None]]


def doubling(first_seconds: float, cap_seconds: float) -> Iterator[float]:
    """Yield pauses without end. Each lies anywhere in the upper half of a bound that doubles."""
    bound_seconds = first_seconds
    while True:
        yield random.uniform(bound_seconds / 2, bound_seconds)  # noqa: S311 - it spreads load and keeps no secret
        bound_seconds = min(bound_seconds * 2, cap_seconds)


class Outage:
    """Holds the lanes up while Open Klant does not answer."""

    def __init__(self, probe: Callable[[], Awaitable[None]], health: Health, sleep: Sleep = asyncio.sleep) -> None:
        """`probe` asks Open Klant for a row, and raises Unavailable."""
        self._probe = probe
        self._health = health
        self._sleep = sleep
        self.written = 0
        """How many convergences changed something in Open Klant."""
        self.absences = 0
        """How many probes failed."""
        self._in_a_row = 0
        self._passable = asyncio.Event()
        self._passable.set()
        self._blocked: set[str] = set()
        """The ids of what waits until somebody removes an orphaned address."""

    async def passed(self) -> None:
        """Wait until the lanes go on."""
        await self._passable.wait()

    def done(self, name: str, answers: AnsweredCalls) -> None:
        """Note that a convergence came to its end, or became a dead letter. `answers`: those to its last try.

        A convergence without any shows nothing of Open Klant.
        """
        self.written += answers.changes > 0
        if answers.calls:
            self._in_a_row = 0
        self._blocked.discard(name)
        self._show()

    async def ride_out(self, error: Unavailable, name: str, pause_seconds: float) -> None:
        """Wait after a failure, until it makes sense to try again."""
        if isinstance(error, OrphanedAddress):
            self._block(name, error)
            await self._sleep(pause_seconds)
            return
        self._in_a_row += 1
        if not self._passable.is_set():
            await self._passable.wait()
        elif self._in_a_row >= FAILURES or isinstance(error, TokenRefused):
            await self._until_answered(error)
        else:
            await self._sleep(pause_seconds)

    def _block(self, name: str, error: OrphanedAddress) -> None:
        """Note that one lane waits. Open Klant answers, so the others go on."""
        self._in_a_row = 0
        if name not in self._blocked:
            log.warning("bridge.address_orphaned", id=name, reason=str(error))
        self._blocked.add(name)
        self._show()

    async def _until_answered(self, error: Unavailable) -> None:
        self._passable.clear()
        self._show()
        log.warning("bridge.outage_began", reason=str(error))
        try:
            while True:
                self._tell(error)
                await self._sleep(PROBE_SECONDS)
                if (still := await self._failure_of_probe()) is None:
                    break
                error = still
        finally:
            self._health.leave(OPEN_KLANT, by=ADMISSION)
            self._in_a_row = 0
            self._passable.set()
            self._show()
        log.info("bridge.outage_ended")

    async def is_well(self) -> bool:
        """Whether Open Klant answers now."""
        return await self._failure_of_probe() is None

    async def _failure_of_probe(self) -> Unavailable | None:
        try:
            await self._probe()
        except Unavailable as failure:
            self.absences += 1
            return failure
        return None

    def _tell(self, error: Unavailable) -> None:
        to_be_corrected = isinstance(error, TokenRefused | NotServed)
        self._health.set(OPEN_KLANT, str(error) if to_be_corrected else None, by=ADMISSION)

    def _show(self) -> None:
        bridge_metrics.OUTAGE.set(bool(self._blocked) or not self._passable.is_set())
