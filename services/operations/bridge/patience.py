"""How long a command of the bridge bears with Open Klant, and what it blames in the end.

An Open Klant that is away ends the run, and a later run continues. A single thing that Open Klant always fails at does
not: the run names it, goes on, and a later run tries it again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from services.bridge.answers import AnsweredCalls, counting_answers
from services.bridge.errors import Leased, Unavailable
from services.runtime.errors import KlantcontactError
from services.runtime.waiting import pauses

T = TypeVar("T")

PATIENCE_SECONDS: Final = 60.0
"""With an Open Klant that is away for a moment, and with another instance that is at work on the same thing."""

PATIENT_WITH: Final = 10
"""Things in a row. What comes after them is tried twice, without a pause, until something works."""

IN_A_ROW: Final = 100
"""So many things that fail, and nothing that works in between, are no poison: Open Klant takes nothing. Most of them
fail at once, so the run ends within some minutes."""


class FailsHere(KlantcontactError):
    """Open Klant fails at this thing, and answers otherwise."""


async def patiently(step: Callable[[], Awaitable[T]], *, hurried: bool = False) -> T:
    """Return what a step returns. Raises Leased only after some patience, and Unavailable too unless `hurried`."""
    for_others, for_open_klant = _pauses(PATIENCE_SECONDS), _pauses(0 if hurried else PATIENCE_SECONDS)
    while True:
        try:
            return await step()
        except (Leased, Unavailable) as failure:
            pause_seconds = next(for_others if isinstance(failure, Leased) else for_open_klant, None)
            if pause_seconds is None:
                raise
        await asyncio.sleep(pause_seconds)


def _pauses(seconds: float) -> Iterator[float]:
    """Yield pauses until `seconds` have passed since the first. The calls in between count: each may wait long."""
    clock = asyncio.get_running_loop()
    end = clock.time() + seconds
    for pause_seconds in pauses():
        if clock.time() + pause_seconds > end:
            return
        yield pause_seconds


class RunPatience:
    """The patience of one run. Its lanes share it."""

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        """`probe` asks Open Klant for a row, and raises Unavailable."""
        self._probe = probe
        self._failed_in_a_row = Counter[bool]()
        """Things, by whether the call was to change something: an Open Klant that can be read may take no writes."""

    async def through(self, step: Callable[[], Awaitable[T]]) -> T:
        """Return what a step returns.

        Raises FailsHere where only this step fails, Unavailable where Open Klant is away, and Leased.
        """
        with counting_answers() as answers:

            async def once() -> T:
                answers.forget()
                return await step()

            try:
                outcome = await patiently(once, hurried=self._failed_in_a_row.total() >= PATIENT_WITH)
            except Unavailable as failure:
                if failure.call is None:
                    raise
                outcome = await self._in_doubt(once)
            self._worked(answers)
            return outcome

    async def _in_doubt(self, once: Callable[[], Awaitable[T]]) -> T:
        """Try again, now that Open Klant is known to answer. Raises as `through` does."""
        await self._probe()
        try:
            return await once()
        except Unavailable as failure:
            if failure.call is None:
                raise
            self._failed_in_a_row[failure.is_of_change] += 1
            number = self._failed_in_a_row[failure.is_of_change]
            if number >= IN_A_ROW:
                raise Unavailable(f"{failure} So it was with {number} in a row, and nothing else worked.") from failure
            raise FailsHere(str(failure)) from failure

    def _worked(self, answers: AnsweredCalls) -> None:
        """Note that a step came to its end. One without an answered call shows nothing of Open Klant."""
        if answers.changes:
            self._failed_in_a_row.clear()
        elif answers.calls:
            self._failed_in_a_row[False] = 0
