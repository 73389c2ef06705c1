"""Pauses while infrastructure is away, and steps that repeat until a block ends."""

import asyncio
from itertools import islice

import pytest

from services.runtime.ending import Ending
from services.runtime.waiting import CAP_SECONDS, FIRST_SECONDS, pauses, pauses_within, repeated

TURNS = 20
"""More turns of the event loop than some steps take."""


async def test_a_step_repeats_until_the_block_ends() -> None:
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


async def test_a_step_that_fails_ends_the_process() -> None:
    async def step() -> None:
        raise KeyError("a mistake of ours")

    ending = Ending()
    async with repeated(step, ending, seconds=0):
        with pytest.raises(KeyError):
            await asyncio.wait_for(ending.wait(), timeout=5)


def test_pauses_double_up_to_the_cap_and_lie_in_the_upper_half_of_their_bound() -> None:
    bounds = [min(FIRST_SECONDS * 2**step, CAP_SECONDS) for step in range(50)]

    drawn = list(islice(pauses(), 50))

    assert all(bound / 2 <= pause <= bound for pause, bound in zip(drawn, bounds, strict=True))


def test_two_instances_do_not_pause_alike() -> None:
    assert list(islice(pauses(), 10)) != list(islice(pauses(), 10))


def test_pauses_within_a_bound_stay_within_it_together() -> None:
    drawn = list(pauses_within(3.0))

    assert drawn
    assert 3.0 - CAP_SECONDS < sum(drawn) <= 3.0
