"""Tells a record that Open Klant can't take from an Open Klant that takes nothing.

Such a record would hold up its lane without end, and with 1,000 records behind it the whole bridge.
"""

from math import inf
from typing import Final

from services.bridge.errors import CallFailed, CallUnanswered, FailsEachTime, Unavailable
from services.bridge.outage import Outage

FAILURES_OF_ONE: Final = 12
"""In a row, at the same call, while something else was written: with the pauses in between, a few minutes."""

FAILURES_ALONE: Final = 60
"""Where nothing else was written, which would have shown that Open Klant takes writes: some forty minutes, and as much
longer as the calls wait for an answer."""


class Poison:
    """Counts the failures of one record."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage
        self._at: tuple[str, int] | None = None
        self._failures = 0
        self._written = 0

    async def found_in(self, error: Unavailable) -> None:
        """Note a failure. Raises FailsEachTime where the record is to blame.

        Failures from before Open Klant was away do not count, nor does what was written before half of them: a call
        that ends well may have begun before Open Klant failed.
        """
        if error.call is None:
            return
        at = (error.call, self._outage.absences)
        self._failures = self._failures + 1 if at == self._at else 1
        self._at = at
        if self._failures <= FAILURES_OF_ONE // 2:
            self._written = self._outage.written
        if self._failures >= self._bound(error) and await self._outage.is_well():
            raise FailsEachTime(error, self._failures)

    def _bound(self, error: Unavailable) -> float:
        if self._outage.written > self._written:
            return FAILURES_OF_ONE
        return FAILURES_ALONE if isinstance(error, CallFailed | CallUnanswered) else inf
