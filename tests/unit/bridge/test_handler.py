"""What a record asks is handled until it is done: the bridge waits for servers, and makes letters of refusals."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from services.bridge.converge import Convergence
from services.bridge.errors import (
    Behind,
    CallFailed,
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
from services.bridge.handler import BridgeHandler
from services.bridge.meant import Trigger
from services.bridge.outage import FAILURES, Outage
from services.bridge.poison import FAILURES_ALONE, FAILURES_OF_ONE
from services.bridge.ports import BridgeLetter
from services.bridge.triggers import KlantcontactAsked, PartijAsked
from services.runtime.errors import TransientFailure
from services.runtime.kafka.records import Record
from services.runtime.observe import bridge_metrics
from services.runtime.observe.health import Health, Part

RECORD = Record("klantcontact.registered", 2, 7, datetime(2026, 11, 30, tzinfo=UTC), None, None, ())
ASKED = KlantcontactAsked("kc-1", Trigger((1, 1)))


@dataclass
class Desk:
    """Everything around a handler: what each convergence comes to, and what happened."""

    outcomes: Iterator[Convergence | Exception]
    past: bool = False
    letters_fail: int = 0
    probes: Iterator[Exception | None] = field(default_factory=lambda: iter(()))
    settled: list[bool] = field(default_factory=list)
    letters: list[BridgeLetter] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    told: list[bool] = field(default_factory=list)
    reasons: list[dict[str, str]] = field(default_factory=list)
    """What readiness said at each pause."""
    outages: list[float] = field(default_factory=list)
    """What the metric said at each pause."""
    others_are_written: int = 0
    """During how many of the first pauses another lane writes something."""

    def __post_init__(self) -> None:
        self.health = Health(())
        self.outage = Outage(self.probe, self.health, self.sleep)
        self.handler = BridgeHandler(
            self,  # type: ignore[arg-type] # as much of Klantcontacten as a handler calls
            outage=self.outage,
            letters=self,
            progress=self,
            health=self.health,
            sleep=self.sleep,
        )

    async def converge(self, _id: str, trigger: Trigger) -> Convergence:
        self.settled.append(trigger.settled)
        return self._next()

    async def converge_partij(self, _id: str, versie: int) -> Convergence:
        self.settled.append(versie == 0)
        return self._next()

    def _next(self) -> Convergence:
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def give_up(self, name: str, _reason: LetterReason) -> None:
        self.given_up.append(name)

    async def write(self, letter: BridgeLetter) -> None:
        if self.letters_fail:
            self.letters_fail -= 1
            raise TransientFailure("Kafka takes no letter.", part=Part.KAFKA)
        self.letters.append(letter)

    async def is_past(self, _record: Record) -> bool:
        return self.past

    async def probe(self) -> None:
        self.told.append(self.health.ready())
        if (failure := next(self.probes, None)) is not None:
            raise failure

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.reasons.append(self.health.reasons())
        self.outages.append(_outage())
        if len(self.slept) <= self.others_are_written:
            self.outage.answered("kc-2", wrote=True)


def desk(*outcomes: Convergence | Exception) -> Desk:
    return Desk(iter(outcomes))


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
    assert _outage() == 0


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
    assert (len(blocked.letters), _outage()) == (1, 0)


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


FAILED = CallFailed("POST bijlagen was answered with status 500.", call="POST bijlagen")
ELSEWHERE = NotServed("POST bijlagen was answered with status 403.", call="POST bijlagen")


@pytest.mark.parametrize(
    ("failure", "others", "times"),
    [(FAILED, 99, FAILURES_OF_ONE), (ELSEWHERE, 99, FAILURES_OF_ONE), (FAILED, 0, FAILURES_ALONE)],
    ids=["Open Klant fails", "a proxy does not let it through", "nothing else is there to be written"],
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
        [Unavailable()] * FAILURES_ALONE * 2,
    ],
    ids=["too few", "not at one call", "no answer"],
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


async def test_failures_from_before_open_klant_was_away_do_not_count() -> None:
    down = desk(*[FAILED] * (2 * FAILURES_OF_ONE - 1), Convergence.CREATED)
    down.others_are_written = 99
    # The probe for the letter is the first of all: others keep the lanes going.
    down.probes = iter([Unavailable()])
    await down.handler.handle(ASKED, RECORD)
    assert (down.letters, len(down.told)) == ([], 1)


def _outage() -> float:
    [family] = bridge_metrics.OUTAGE.collect()
    return family.samples[0].value
