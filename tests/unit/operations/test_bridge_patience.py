"""A command of the bridge tells an Open Klant that is away from one thing that Open Klant always fails at."""

import asyncio
from dataclasses import dataclass

import pytest

from services.bridge.answers import note_answer
from services.bridge.errors import CallFailed, CallUnanswered, Leased, OrphanedAddress, TokenRefused, Unavailable
from services.operations.bridge.patience import IN_A_ROW, PATIENCE_SECONDS, PATIENT_WITH, FailsHere, RunPatience
from tests.support.jumping_clock import on_jumping_clock

FAILED = CallFailed("POST internetaken was answered with status 500.", call="POST internetaken")
UNREAD = CallFailed("GET betrokkenen was answered with status 500.", call="GET betrokkenen")


@dataclass
class Town:
    """A run, and an Open Klant that fares as the test says."""

    away: Unavailable | None = None

    def __post_init__(self) -> None:
        self.patience = RunPatience(self.probe)

    async def probe(self) -> None:
        """Answer, unless it is away."""
        if self.away is not None:
            raise self.away

    async def step(self, *failures: Exception, then: str = "written") -> str:
        """Fail as often as there are failures, the last of them each time; or come to an end as `then` says."""
        tries = 0

        async def once() -> str:
            nonlocal tries
            tries += 1
            if failures:
                failure = failures[min(tries, len(failures)) - 1]
                if failure is not Done:
                    raise failure
            if then != "no call":
                note_answer(changed=then == "written")
            return then

        return await self.patience.through(once)

    async def fail_at(self, failure: Exception, number: int) -> None:
        """Have Open Klant fail at some things, and assert that the run names each."""
        for _ in range(number):
            with pytest.raises(FailsHere):
                await self.step(failure)


def now() -> float:
    """Return the seconds of the loop's clock."""
    return asyncio.get_running_loop().time()


Done = Exception()
"""In place of a failure: from here on it works."""


@pytest.mark.parametrize("failure", [FAILED, UNREAD, CallUnanswered("POST internetaken", "ReadTimeout")])
@on_jumping_clock
async def test_what_open_klant_always_fails_at_is_named_after_a_minute_and_the_next_thing_works(
    failure: Unavailable,
) -> None:
    began = now()
    town = Town()
    with pytest.raises(FailsHere) as fails:
        await town.step(failure)
    assert str(fails.value) == str(failure)
    assert await town.step() == "written"
    assert PATIENCE_SECONDS * 0.9 <= now() - began <= PATIENCE_SECONDS


@on_jumping_clock
async def test_calls_that_wait_for_an_answer_are_part_of_the_minute() -> None:
    began = now()

    async def late() -> None:
        await asyncio.sleep(10)
        raise CallUnanswered("POST internetaken", "ReadTimeout")

    with pytest.raises(FailsHere):
        await Town().patience.through(late)
    assert now() - began <= PATIENCE_SECONDS + 30


@on_jumping_clock
async def test_where_the_probe_fails_too_open_klant_is_away() -> None:
    away = Unavailable("Open Klant does not answer (ConnectError).")
    with pytest.raises(Unavailable) as failed:
        await Town(away).step(FAILED)
    assert failed.value is away


@pytest.mark.parametrize("failure", [Unavailable(), TokenRefused(), OrphanedAddress()])
@on_jumping_clock
async def test_a_failure_that_says_nothing_of_the_call_blames_no_thing(failure: Unavailable) -> None:
    with pytest.raises(type(failure)):
        await Town().step(failure)


@on_jumping_clock
async def test_an_open_klant_that_is_back_by_the_time_of_the_probe_gets_one_more_try() -> None:
    counted = Town()
    await counted.fail_at(FAILED, PATIENT_WITH)
    assert await counted.step(FAILED, Done) == "written"


@on_jumping_clock
async def test_another_instance_at_work_is_waited_for_also_when_open_klant_is_not() -> None:
    town = Town()
    await town.fail_at(FAILED, PATIENT_WITH)
    before = now()
    with pytest.raises(Leased):
        await town.step(Leased())
    assert now() - before >= PATIENCE_SECONDS * 0.9


@on_jumping_clock
async def test_an_open_klant_that_can_be_read_and_takes_no_writes_ends_the_run_within_some_minutes() -> None:
    began = now()
    town = Town()
    for _ in range(IN_A_ROW - 1):
        await town.step(then="read")
        await town.step(then="no call")
        await town.fail_at(FAILED, 1)
    with pytest.raises(Unavailable, match=f"status 500. So it was with {IN_A_ROW} in a row, and nothing else worked"):
        await town.step(FAILED)
    assert now() - began <= PATIENT_WITH * PATIENCE_SECONDS


@pytest.mark.parametrize(("failure", "works"), [(FAILED, "written"), (UNREAD, "written"), (UNREAD, "read")])
@on_jumping_clock
async def test_a_run_in_which_other_things_work_goes_on(failure: Unavailable, works: str) -> None:
    town = Town()
    for _ in range(4):
        await town.fail_at(failure, IN_A_ROW // 2)
        assert await town.step(then=works) == works


@on_jumping_clock
async def test_a_thing_that_needed_no_call_shows_nothing_of_open_klant() -> None:
    town = Town()
    await town.fail_at(UNREAD, IN_A_ROW - 1)
    await town.step(then="no call")
    with pytest.raises(Unavailable, match="nothing else worked"):
        await town.step(UNREAD)
