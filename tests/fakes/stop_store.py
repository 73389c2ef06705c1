"""The stops in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.runtime.stops.stop import Meeting, Skip, Stop, StoredStop

SINCE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class FakeStopStore:
    """A StopStore for all processes of a test; a test adds to `starts` for another start."""

    def __init__(self) -> None:
        self.stops: dict[tuple[str, int], StoredStop] = {}
        self.skipped: list[Stop] = []
        self.starts = 1
        self._counted: dict[tuple[str, int], int] = {}

    async def meet(self, stop: Stop, *, begins: bool) -> Meeting:
        """Record a meeting."""
        there = self.stops.get(stop.place)
        is_same = there is not None and there.stop.offset == stop.offset
        if not is_same and not begins:
            return Meeting.PASS
        if there is None or not is_same:
            there = StoredStop(stop, SINCE, 1, None)
        elif self._counted[stop.place] != self.starts:
            there = replace(there, starts=there.starts + 1)
        self.stops[stop.place] = there
        self._counted[stop.place] = self.starts
        if there.skip is None and there.starts < 3:
            return Meeting.STOP
        self.skipped.append(stop)
        return Meeting.SKIP

    async def known(self) -> Sequence[StoredStop]:
        """Return all stops."""
        return list(self.stops.values())

    async def forget(self, stop: Stop) -> None:
        """Remove a stop."""
        self.stops.pop(stop.place, None)

    def ask(self, place: tuple[str, int]) -> None:
        """Ask to skip, as an operator does."""
        self.stops[place] = replace(self.stops[place], skip=Skip("operator@host", "a test"))
