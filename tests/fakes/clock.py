"""A clock that stands still until a test or a sleep moves it."""

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A Clock that stands still; sleeping takes no time, but moves the clock on."""

    def __init__(self, moment: datetime = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)) -> None:
        self.moment = moment
        self.pauses_seconds: list[float] = []

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.moment

    async def sleep(self, seconds: float) -> None:
        """Move the clock, and yield to other tasks."""
        self.pauses_seconds.append(seconds)
        self.moment += timedelta(seconds=seconds)
        await asyncio.sleep(0)
