"""What the classifier would decide about events that are not sent yet: its own rules, over what its register knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.faults import Refusal, RefusalKind
from schemas.reading.decoding import decode
from schemas.values import value_class
from services.domain.besluit import BesluitRecord
from services.domain.case import Case, prepare
from services.domain.outcome import Decided, Erased, Outcome, Overtaken, Refused
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.operations.map_again.comparing import Compared, MappedStanding
from services.operations.replay.differences import OnderwerpOutcome
from services.operations.replay.judging import LookUp


@value_class(frozen=True, slots=True)
class OutcomeChange:
    """One onderwerp as it was decided and as it would be; None: there is no such onderwerp."""

    onderwerp_id: str
    was: OnderwerpOutcome | None
    wordt: OnderwerpOutcome | None


@value_class(frozen=True, slots=True)
class MappedAnew:
    """A contact in a message, and what would be decided about its event."""

    compared: Compared
    standing: MappedStanding
    onderwerpen: tuple[OutcomeChange, ...] = ()
    """Every onderwerp of an event that would be sent."""
    refusal: RefusalKind | None = None

    @property
    def is_to_send(self) -> bool:
        """Whether the event goes out with `--execute`."""
        return self.standing in {MappedStanding.NEW, MappedStanding.CHANGES}


@dataclass(frozen=True, slots=True)
class EventJudge:
    """Judges the events of one channel."""

    look_up: LookUp
    sleutels: Sleutels
    beleid: Beleid
    contact_topic: str
    """Where the events go."""

    async def judged(self, batch: Sequence[Compared]) -> Sequence[MappedAnew]:
        """Return what the classifier would decide, in order: each sees what those before it would change.

        Raises as `look_up` does.
        """
        cases = [self._case(each) for each in batch]
        register = await self.look_up([each for each in cases if each is not None])
        now = datetime.now(UTC)
        made: list[MappedAnew] = []
        for each, case in zip(batch, cases, strict=True):
            if case is None:
                made.append(MappedAnew(each, each.standing))
            else:
                in_force = register.besluiten.get(case.key)
                made.append(_told(each, in_force, register.judge(case, now)))
        return made

    def _case(self, compared: Compared) -> Case | None:
        """Return what is to be judged; None where the event is the same, or there is none."""
        event = compared.event
        if event is None or compared.standing not in {MappedStanding.NEW, MappedStanding.CHANGES}:
            return None
        received = decode(event.value)
        assert not isinstance(received, Refusal), "the mapping has read its own event"
        return prepare(received, self.sleutels, self.beleid, topic=self.contact_topic)


def _told(compared: Compared, in_force: BesluitRecord | None, outcome: Outcome) -> MappedAnew:
    match outcome:
        case Refused(refusal=refusal):
            is_conflict = refusal.kind is RefusalKind.REVISIE_CONFLICT
            standing = MappedStanding.CONFLICT if is_conflict else MappedStanding.REFUSED
            return MappedAnew(compared, standing, refusal=refusal.kind)
        case Erased():
            return MappedAnew(compared, MappedStanding.ERASED)
        case Overtaken():
            return MappedAnew(compared, MappedStanding.OVERTAKEN)
        case Decided(besluit=besluit):
            return MappedAnew(compared, compared.standing, tuple(_changes(in_force, besluit)))
    return MappedAnew(compared, MappedStanding.SAME)


def _changes(in_force: BesluitRecord | None, besluit: BesluitRecord) -> Iterator[OutcomeChange]:
    by_place = in_force is not None and in_force.is_shortened  # such a record names no onderwerp
    was = _outcomes(in_force, by_place=by_place) if in_force is not None else {}
    wordt = _outcomes(besluit, by_place=by_place)
    for name in {**was, **wordt}:
        yield OutcomeChange(name, was.get(name), wordt.get(name))


def outcomes_in(besluit: BesluitRecord) -> Sequence[OnderwerpOutcome]:
    """Return the outcome of each onderwerp."""
    return [OnderwerpOutcome.of(each) for each in besluit.onderwerpen]


def _outcomes(besluit: BesluitRecord, *, by_place: bool) -> Mapping[str, OnderwerpOutcome]:
    return {
        f"number {at}" if by_place else onderwerp.onderwerp_id: outcome
        for at, (onderwerp, outcome) in enumerate(zip(besluit.onderwerpen, outcomes_in(besluit), strict=True), start=1)
    }
