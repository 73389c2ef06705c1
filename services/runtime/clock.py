"""Time as a service needs it, and the clock of this machine."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time: of what is decided or refused, and for waiting."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """Time as it is."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
