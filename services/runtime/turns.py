"""Turns between the long work of a batch and the rest of the process, such as the heartbeat."""

import asyncio
import time
from typing import Final

TURN_SECONDS: Final = 0.05
"""How long the handler reads or encodes before it yields to the event loop: about a usual batch. Nothing else runs
meanwhile. One contact takes as long at most."""


class Turns:
    """A turn ends each time that `TURN_SECONDS` have passed. Then the handler yields to the event loop."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def is_over(self) -> bool:
        """Whether it is time to yield."""
        return time.perf_counter() - self._began >= TURN_SECONDS

    async def pause(self) -> None:
        """Yield, and begin the next turn."""
        await asyncio.sleep(0)
        self._began = time.perf_counter()
