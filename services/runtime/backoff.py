"""How long to wait for infrastructure that is away."""

import random
from collections.abc import Iterator

FIRST_SECONDS = 0.1
"""Most interruptions (an election, a moved leader) are over within a second."""

CAP_SECONDS = 5.0
"""The longest pause: readiness must be back within 10 s of what it waited for."""


def pauses() -> Iterator[float]:
    """Give pauses in seconds without end, each up to twice the one before and at most CAP_SECONDS.

    Each lies anywhere in the upper half of its bound, so that instances that failed together don't come back
    together.
    """
    bound_seconds = FIRST_SECONDS
    while True:
        yield random.uniform(bound_seconds / 2, bound_seconds)  # noqa: S311 - it spreads load and keeps no secret
        bound_seconds = min(bound_seconds * 2, CAP_SECONDS)


def pauses_within(patience_seconds: float) -> Iterator[float]:
    """Give pauses as `pauses` does, for as long as together they stay within a bound."""
    left_seconds = patience_seconds
    for pause_seconds in pauses():
        left_seconds -= pause_seconds
        if left_seconds < 0:
            return
        yield pause_seconds
