"""The clock of this machine."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """Time as it is."""

    def now(self) -> datetime:
        """Give the present moment in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
