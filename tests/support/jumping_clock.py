"""Tests on an event loop whose clock jumps: it stands still while anything is ready, then goes to the next timer.

On the machine's own clock a pause of ten milliseconds can be over before what should happen in it has had its turn.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Final, ParamSpec

from tests.simulate.loop import SimulatedLoop, simulated_time

P = ParamSpec("P")

UPTIME_SECONDS: Final = 1_000.0
"""What the clock shows when a test begins: no machine has just been switched on."""


def on_jumping_clock(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test on such a loop. The clocks of Python's `time` show the same moments."""

    async def begin(*arguments: P.args, **options: P.kwargs) -> None:
        await asyncio.sleep(UPTIME_SECONDS)
        await test(*arguments, **options)

    @wraps(test)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        loop = SimulatedLoop()
        with simulated_time(loop), asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(begin(*arguments, **options))

    return run
