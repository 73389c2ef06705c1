"""Which repeats are published again: those whose events nobody may have seen.

The events of a decision go out with one record, in the transaction that commits the position after it. So once the
group has committed that record, they went out. `docs/architecture/exactly-once.md` argues all of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from schemas.positions import Position
from schemas.values import value_class
from services.domain.besluit import NOWHERE, BesluitRecord
from services.domain.case import Case
from services.domain.outcome import InstructionAnswer, Outcome, Repeated, Seen
from services.runtime.exactly_once.ports import Publisher
from services.runtime.kafka.records import Record


@value_class(frozen=True, slots=True)
class Judged:
    """A record and its outcome, of which nothing is encoded yet."""

    record: Record
    case: Case | None
    """None: the record was refused before it could be judged, or is an instruction."""
    outcome: Outcome | InstructionAnswer
    now: datetime
    failed: str = ""
    """Where our own code failed, when it did."""


@value_class(frozen=True, slots=True)
class Moved:
    """A decision whose events go out with another record than before."""

    case: Case
    besluit: BesluitRecord
    """As it is on record."""
    sent_with: Position


async def without_seen(batch: Sequence[Judged], publisher: Publisher) -> tuple[list[Judged], list[Moved]]:
    """Return a batch in which repeats that were seen publish nothing, and the decisions whose events go out anew."""
    told: list[Judged] = []
    moved: dict[str, Moved] = {}
    for each in batch:
        outcome, case = each.outcome, each.case
        if case is None or not isinstance(outcome, Repeated):
            told.append(each)
            continue
        here, before = _position(each.record), moved.get(outcome.besluit.key)
        is_moved = before is not None and before.besluit == outcome.besluit
        where = before.sent_with if before is not None and is_moved else outcome.besluit.goes_out_with
        is_seen = await _is_seen(where, here, publisher)
        if is_seen and not case.publish_again:
            told.append(replace(each, outcome=Seen(outcome.received, outcome.besluit)))
            continue
        # An operator's copy of events that were seen takes nothing over: when both are handled again after a crash, a
        # repeat before the copy must still count as seen.
        if where != here and not is_moved and not is_seen:
            moved[outcome.besluit.key] = Moved(case, outcome.besluit, here)
            noted = replace(outcome.besluit, sent_with=here)
            told.append(replace(each, outcome=replace(outcome, besluit=noted)))
        else:
            told.append(each)
    return told, list(moved.values())


async def _is_seen(where: Position | None, here: Position, publisher: Publisher) -> bool:
    """Whether the events that went out with the record at `where` can be read before this record is committed."""
    if where is None or where in (NOWHERE, here):
        return False
    if (where.topic, where.partition) == (here.topic, here.partition):
        # What lies before is committed before, or with this record. What lies behind it was written to a former topic
        # of this name, or the group's offsets were set back.
        return where.offset < here.offset
    return await publisher.is_committed(where)


def _position(record: Record) -> Position:
    return Position(record.topic, record.partition, record.offset)
