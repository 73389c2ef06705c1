"""What is still begun once there is a reason to end."""

import asyncio

from services.runtime.ending import Ending


async def test_no_step_is_begun_any_more() -> None:
    begun: list[str] = []

    async def step() -> str:
        begun.append("step")
        return "done"

    ending = Ending()
    assert await ending.unless(step()) == "done"
    ending.ask()
    assert await ending.unless(step()) is None
    assert begun == ["step"]


async def test_a_step_that_lasts_is_left() -> None:
    ending = Ending()
    leaving = asyncio.create_task(ending.unless(asyncio.sleep(60, "done")))
    await asyncio.sleep(0)
    ending.ask()
    assert await leaving is None
