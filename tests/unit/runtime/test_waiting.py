"""What is done again and again goes on until its block ends, and does not fail unseen."""

import asyncio

import pytest

from services.runtime.ending import Ending
from services.runtime.waiting import repeated

TURNS = 20
"""More turns of the event loop than some steps take."""


async def test_a_step_is_taken_again_and_again_until_the_block_ends() -> None:
    taken: list[int] = []

    async def step() -> None:
        taken.append(len(taken))

    async with repeated(step, Ending(), seconds=0):
        for _ in range(TURNS):
            await asyncio.sleep(0)
    at_the_end = len(taken)
    for _ in range(TURNS):
        await asyncio.sleep(0)

    assert len(taken) == at_the_end > 1


async def test_a_step_that_fails_ends_the_process_rather_than_be_missed() -> None:
    async def step() -> None:
        raise KeyError("a mistake of ours")

    ending = Ending()
    async with repeated(step, ending, seconds=0):
        with pytest.raises(KeyError):
            await asyncio.wait_for(ending.wait(), timeout=5)
