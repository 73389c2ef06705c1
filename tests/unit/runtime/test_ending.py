"""A service begins no step once it is asked to end."""

import asyncio

from services.runtime.ending import Ending


async def test_no_step_begins_after_the_request_to_end() -> None:
    begun: list[str] = []

    async def step() -> str:
        begun.append("step")
        return "done"

    ending = Ending()
    assert await ending.unless(step()) == "done"
    ending.ask()
    assert await ending.unless(step()) is None
    assert begun == ["step"]


async def test_a_step_in_progress_is_left_at_the_request_to_end() -> None:
    ending = Ending()
    leaving = asyncio.create_task(ending.unless(asyncio.sleep(60, "done")))
    await asyncio.sleep(0)
    ending.ask()
    assert await leaving is None
