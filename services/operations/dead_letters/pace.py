"""So many a second, and no more."""

import asyncio
from collections.abc import Callable
from typing import Final

CATCH_UP_SECONDS: Final = 1.0
"""What is late may catch up this much: a pause of the broker should not make the whole slower, nor be followed by a
flood."""


class Pace:
    """Spreads work evenly over time."""

    def __init__(self, per_second: float | None, clock: Callable[[], float] | None = None) -> None:
        """Take None for as fast as it goes; the clock is that of the event loop unless another is given."""
        self._between_seconds = 1 / per_second if per_second else 0.0
        self._clock = clock or asyncio.get_running_loop().time
        self._next = self._clock()

    def delay_seconds(self) -> float:
        """Say how long the next piece has to wait, and count it."""
        now = self._clock()
        due = max(self._next, now - CATCH_UP_SECONDS)
        self._next = due + self._between_seconds
        return max(0.0, due - now)

    async def wait(self) -> None:
        """Wait until the next piece may go. Raises CancelledError also for a cancellation that was lost before.

        `asyncio.wait_for`, which the database client uses, loses one that comes when what it waits for is just done
        (Python 3.11, gh-86296); Ctrl-C would then be heard by nobody.
        """
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        if delay_seconds := self.delay_seconds():
            await asyncio.sleep(delay_seconds)
