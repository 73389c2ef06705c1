"""The memory that requests may take together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from services.channels.intake.replies import BUSY, Rejected

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of bodies that are read, and of messages that Kafka has not acknowledged: sixteen of the largest requests, or tens of
thousands of usual ones. While Kafka is away, this is all that gathers."""


class Budget:
    """Counts bytes that are held, and refuses more than the budget."""

    def __init__(self, most_bytes: int = MAX_BYTES) -> None:
        """`most_bytes` over everything that takes of it."""
        self._left_bytes = most_bytes

    def take(self, size: int) -> None:
        """Hold so many bytes. Raises Rejected when nothing is left; the platform tries again later."""
        if size > self._left_bytes:
            raise Rejected(BUSY)
        self._left_bytes -= size

    def give_back(self, size: int) -> None:
        """Hold so many bytes no longer."""
        self._left_bytes += size

    @contextmanager
    def kept(self) -> Iterator[Callable[[int], None]]:
        """Yield a `take` whose bytes are all given back at the end of the block."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            self.take(size)
            taken += size

        try:
            yield take
        finally:
            self.give_back(taken)
