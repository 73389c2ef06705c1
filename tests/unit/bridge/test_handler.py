"""What a record asks is handled until it is done: the bridge waits for servers, and makes letters of refusals."""

import pytest

from services.bridge.converge import Convergence
from services.bridge.errors import (
    Behind,
    CallRefused,
    Leased,
    LetterReason,
    NotServed,
    NummerBezet,
    OrphanedAddress,
    RefusedField,
    TokenRefused,
    Unavailable,
)
from services.bridge.outage import FAILURES
from services.bridge.ports import BridgeLetter
from services.bridge.triggers import KlantcontactAsked, PartijAsked
from services.runtime.errors import TransientFailure
from tests.support.bridge_desk import ASKED, RECORD, desk, outage_shown


async def test_what_is_equal_is_done() -> None:
    quiet = desk(Convergence.CREATED)
    await quiet.handler.handle(ASKED, RECORD)
    assert (quiet.settled, quiet.slept, quiet.letters) == ([False], [], [])


@pytest.mark.parametrize("asked", [ASKED, PartijAsked("p-1", 3)])
async def test_it_waits_until_the_projector_shows_the_event(asked: KlantcontactAsked | PartijAsked) -> None:
    waiting = desk(*[Behind()] * 8, Convergence.CREATED)
    await waiting.handler.handle(asked, RECORD)
    assert waiting.settled == [False] * 9
    assert [0.25 * 2**n / 2 <= each <= 0.25 * 2**n for n, each in enumerate(waiting.slept[:5])] == [True] * 5
    assert max(waiting.slept) <= 5.0


async def test_what_the_projector_is_past_is_all_that_it_will_ever_show() -> None:
    late = desk(Behind(), Convergence.SKIPPED)
    late.past = True
    await late.handler.handle(ASKED, RECORD)
    assert late.settled == [False, True]


async def test_it_waits_for_another_instance_and_for_mongodb() -> None:
    waiting = desk(Leased(), TransientFailure("MongoDB is away"), Convergence.EQUAL)
    await waiting.handler.handle(ASKED, RECORD)
    assert len(waiting.slept) == 2


async def test_one_lane_retries_by_itself_at_first() -> None:
    shaky = desk(*[Unavailable()] * (FAILURES - 1), Convergence.CREATED)
    await shaky.handler.handle(ASKED, RECORD)
    assert len(shaky.slept) == FAILURES - 1
    assert shaky.told == []


async def test_after_some_failures_in_a_row_all_lanes_wait_until_open_klant_answers() -> None:
    down = desk(*[Unavailable()] * FAILURES, Convergence.CREATED)
    down.probes = iter([Unavailable(), Unavailable(), None])
    await down.handler.handle(ASKED, RECORD)
    assert down.slept[FAILURES - 1 :] == [10.0, 10.0, 10.0]
    assert down.told == [True, True, True]  # Open Klant that is down leaves the bridge ready
    assert outage_shown() == 0


async def test_a_refused_token_stops_all_at_once_and_is_not_ready() -> None:
    refused = desk(TokenRefused(), Convergence.CREATED)
    refused.probes = iter([TokenRefused(), None])
    await refused.handler.handle(ASKED, RECORD)
    assert refused.told == [False, False]
    assert refused.health.ready()


async def test_another_server_in_its_place_is_waited_for_and_is_not_ready() -> None:
    elsewhere = desk(*[NotServed()] * FAILURES, Convergence.CREATED)
    elsewhere.probes = iter([NotServed(), Unavailable(), None])
    await elsewhere.handler.handle(ASKED, RECORD)
    assert elsewhere.told == [False, False, True]
    assert (elsewhere.letters, elsewhere.health.ready()) == ([], True)


async def test_an_orphaned_address_is_an_outage_of_the_lane_that_needs_it() -> None:
    blocked = desk(*[OrphanedAddress()] * (2 * FAILURES), CallRefused("POST betrokkenen", 400))
    await blocked.handler.handle(ASKED, RECORD)
    assert (blocked.outages, blocked.told) == ([1] * 2 * FAILURES, [])
    assert (len(blocked.letters), outage_shown()) == (1, 0)


@pytest.mark.parametrize(
    ("failure", "reason", "told"),
    [
        (
            CallRefused("POST betrokkenen", 400, [RefusedField("rol", "invalid_choice")]),
            LetterReason.GEWEIGERD,
            "POST betrokkenen was refused with status 400 (rol: invalid_choice).",
        ),
        (NummerBezet("partijen"), LetterReason.NUMMER_BEZET, "A row of partijen that is not ours has our number."),
    ],
)
async def test_a_refusal_becomes_a_letter_without_contents(failure: Exception, reason: LetterReason, told: str) -> None:
    refused = desk(failure)
    refused.letters_fail = 2
    await refused.handler.handle(ASKED, RECORD)
    assert refused.letters == [BridgeLetter("klantcontact", "kc-1", reason, told, RECORD)]
    assert refused.given_up == ["kc:kc-1"]
    assert (refused.reasons, refused.health.ready()) == ([{"kafka": "Kafka takes no letter."}] * 2, True)


async def test_a_bug_of_ours_becomes_a_letter_that_shows_no_value() -> None:
    broken = desk(ValueError("van Sam Jansen"))
    await broken.handler.handle(PartijAsked("p-1", 1), RECORD)
    [letter] = broken.letters
    assert letter.reason is LetterReason.EIGEN_FOUT
    assert "Jansen" not in letter.told
    assert broken.given_up == ["partij:p-1"]
