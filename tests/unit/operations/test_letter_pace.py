"""A rate spreads pieces of work over time."""

import asyncio
from contextlib import suppress

import pytest

from services.operations.dead_letters.returning import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pieces_that_come_at_once_are_spread_over_time() -> None:
    pace = Pace(4, Clock())
    assert [pace.delay_seconds() for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]


def test_after_a_pause_at_most_one_second_is_caught_up() -> None:
    clock = Clock()
    pace = Pace(4, clock)
    pace.delay_seconds()
    clock.now += 60
    assert [pace.delay_seconds() for _ in range(7)] == [0.0] * 5 + [0.25, 0.5]


def test_without_a_rate_nothing_waits() -> None:
    pace = Pace(None, Clock())
    assert {pace.delay_seconds() for _ in range(1_000)} == {0.0}


async def test_a_lost_cancellation_takes_effect_at_the_next_piece() -> None:
    pace = Pace(None)

    async def work() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await pace.wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
