"""A record that Open Klant always fails at is told from an Open Klant that is away. Only answers show that."""

import pytest

from services.bridge.converge import Convergence
from services.bridge.errors import CallFailed, CallUnanswered, LetterReason, NotServed, Unavailable
from services.bridge.outage import FAILURES
from services.bridge.poison import FAILURES_ALONE, FAILURES_OF_ONE
from services.bridge.ports import BridgeLetter
from tests.support.bridge_desk import ASKED, RECORD, desk

FAILED = CallFailed("POST bijlagen was answered with status 500.", call="POST bijlagen")
ELSEWHERE = NotServed("POST bijlagen was answered with status 403.", call="POST bijlagen")
LATE = CallUnanswered("POST bijlagen", "ReadTimeout")


@pytest.mark.parametrize(
    ("failure", "others", "times"),
    [
        (FAILED, 99, FAILURES_OF_ONE),
        (LATE, 99, FAILURES_OF_ONE),
        (ELSEWHERE, 99, FAILURES_OF_ONE),
        (FAILED, 0, FAILURES_ALONE),
        (LATE, 0, FAILURES_ALONE),
    ],
    ids=[
        "Open Klant fails",
        "Open Klant does not answer it",
        "a proxy does not let it through",
        "nothing else is there to be written",
        "nothing else is there to be written, and no answer",
    ],
)
async def test_a_contact_that_fails_each_time_becomes_a_letter(failure: Exception, others: int, times: int) -> None:
    poison = desk(*[failure] * times)
    poison.others_are_written = others
    await poison.handler.handle(ASKED, RECORD)
    told = f"{failure} So it was {times} times in a row, while Open Klant answered other calls."
    assert poison.letters == [BridgeLetter("klantcontact", "kc-1", LetterReason.FAALT, told, RECORD)]
    assert (poison.given_up, poison.health.ready()) == (["kc:kc-1"], True)


@pytest.mark.parametrize(
    "failures",
    [
        [FAILED] * (FAILURES_OF_ONE - 1),
        [FAILED, CallFailed(call="GET bijlagen")] * FAILURES_OF_ONE,
        [LATE] * (FAILURES_OF_ONE - 1),
        [Unavailable()] * FAILURES_ALONE * 2,
    ],
    ids=["too few", "not at one call", "too few without an answer", "no connection"],
)
async def test_failures_that_show_no_poison_make_no_letter(failures: list[Exception]) -> None:
    shaky = desk(*failures, Convergence.CREATED)
    shaky.others_are_written = 99
    await shaky.handler.handle(ASKED, RECORD)
    assert shaky.letters == []


@pytest.mark.parametrize(("failure", "times"), [(FAILED, FAILURES_ALONE - 1), (ELSEWHERE, FAILURES_ALONE * 2)])
async def test_while_open_klant_takes_no_writes_a_failure_blames_no_contact(failure: Exception, times: int) -> None:
    """What was under way when it began to fail may still come to its end."""
    down = desk(*[failure] * times, Convergence.CREATED)
    down.others_are_written = FAILURES_OF_ONE // 2 - 1
    await down.handler.handle(ASKED, RECORD)
    assert down.letters == []


@pytest.mark.parametrize("failure", [FAILED, LATE])
async def test_failures_from_before_open_klant_was_away_do_not_count(failure: Exception) -> None:
    down = desk(*[failure] * (2 * FAILURES_OF_ONE - 1), Convergence.CREATED)
    down.others_are_written = 99
    # The probe for the letter is the first of all: others keep the lanes going.
    down.probes = iter([Unavailable()])
    await down.handler.handle(ASKED, RECORD)
    assert (down.letters, len(down.told)) == ([], 1)


async def test_while_the_probe_is_not_answered_either_it_waits_and_makes_no_letter() -> None:
    down = desk(*[LATE] * FAILURES_ALONE * 3, Convergence.CREATED)
    down.probes = iter([Unavailable(), None] * FAILURES_ALONE)
    await down.handler.handle(ASKED, RECORD)
    assert (down.letters, down.given_up) == ([], [])


@pytest.mark.parametrize("equal", [False, True], ids=["nothing beside it", "beside others that made no call"])
async def test_a_convergence_without_a_call_does_not_show_that_open_klant_answers(*, equal: bool) -> None:
    down = desk(*[Unavailable()] * FAILURES, Convergence.CREATED)
    down.others_are_equal = equal
    await down.handler.handle(ASKED, RECORD)
    assert down.told == [True]  # it asked once, and all lanes waited for it


async def test_what_ends_without_a_call_leaves_the_count_of_failures_as_it_is() -> None:
    down = desk(*[Unavailable()] * (FAILURES - 1), Convergence.SKIPPED, Unavailable(), Convergence.CREATED)
    for _ in range(2):
        await down.handler.handle(ASKED, RECORD)
    assert down.told == [True]


async def test_a_convergence_that_open_klant_answered_begins_the_count_anew() -> None:
    shaky = desk(*[Unavailable()] * (FAILURES - 1), Convergence.EQUAL, Unavailable(), Convergence.CREATED)
    for _ in range(2):
        await shaky.handler.handle(ASKED, RECORD)
    assert shaky.told == []
