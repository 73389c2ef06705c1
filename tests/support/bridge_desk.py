"""Everything around a handler of the bridge, in a test: it waits no time, and does what the test says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.bridge.answers import AnsweredCalls, note_answer
from services.bridge.converge import Convergence
from services.bridge.errors import LetterReason
from services.bridge.handler import BridgeHandler
from services.bridge.meant import Trigger
from services.bridge.outage import Outage
from services.bridge.ports import BridgeLetter
from services.bridge.triggers import KlantcontactAsked
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
    others_are_equal: bool = False
    """Whether another lane comes to its end without a call during each pause."""

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

    async def converge_partij(self, _id: str, versie: int, *, nummer: str | None) -> Convergence:  # noqa: ARG002 - as Klantcontacten has it
        self.settled.append(versie == 0)
        return self._next()

    def _next(self) -> Convergence:
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not Convergence.SKIPPED:
            note_answer(changed=outcome is not Convergence.EQUAL)
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
        self.outages.append(outage_shown())
        if len(self.slept) <= self.others_are_written:
            self.outage.done("kc-2", AnsweredCalls(calls=1, changes=1))
        if self.others_are_equal:
            self.outage.done("kc-3", AnsweredCalls())


def desk(*outcomes: Convergence | Exception) -> Desk:
    return Desk(iter(outcomes))


def outage_shown() -> float:
    """Return what the metric says."""
    [family] = bridge_metrics.OUTAGE.collect()
    return family.samples[0].value
