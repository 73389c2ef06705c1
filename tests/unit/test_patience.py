"""What is watched shows in readiness while nothing is in hand; what is in hand tells by itself."""

import asyncio

import pytest

from services.runtime import patience
from services.runtime.health import Health, Part
from services.runtime.patience import watched

TURNS = 20
"""More turns of the event loop than a look takes."""


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LOOK_SECONDS", 0)


async def _reasons_after(*, answers: bool, idle: bool, before: str | None) -> dict[str, str]:
    async def is_there() -> bool:
        return answers

    health = Health(waits_for=[])
    health.set(Part.MONGODB, before)
    async with watched(is_there, health, Part.MONGODB, when=lambda: idle):
        for _ in range(TURNS):
            await asyncio.sleep(0)
    return health.reasons()


async def test_what_is_away_shows_also_while_there_is_nothing_to_do_with_it() -> None:
    assert await _reasons_after(answers=False, idle=True, before=None) == {"mongodb": "mongodb does not answer"}


async def test_what_is_back_shows_too() -> None:
    assert await _reasons_after(answers=True, idle=True, before="The batch failed.") == {}


async def test_a_batch_in_hand_knows_better_than_an_answer() -> None:
    waits = "Another transaction holds what this one changes."
    assert await _reasons_after(answers=True, idle=False, before=waits) == {"mongodb": waits}
