"""The memory that all requests may use together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from services.channels.intake.replies import BUSY, Rejected

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of bodies that the intake reads, and of messages that Kafka has not acknowledged: sixteen of the largest requests, or
tens of thousands of usual ones. While Kafka is away, no more than this gathers."""


class Budget:
    """Counts the bytes in use, and refuses a request that would exceed the budget."""

    def __init__(self, most_bytes: int = MAX_BYTES) -> None:
        """`most_bytes`: of all requests together."""
        self._left_bytes = most_bytes

    def take(self, size: int) -> None:
        """Reserve bytes. Raises Rejected when too few are left; the platform tries again later."""
        if size > self._left_bytes:
            raise Rejected(BUSY)
        self._left_bytes -= size

    def give_back(self, size: int) -> None:
        """Release reserved bytes."""
        self._left_bytes += size

    @contextmanager
    def kept(self) -> Iterator[Callable[[int], None]]:
        """Yield a `take` whose bytes are all released at the end of the block."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            self.take(size)
            taken += size

        try:
            yield take
        finally:
            self.give_back(taken)
