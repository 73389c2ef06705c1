"""What today's mapping makes of a message, beside the events that it became before: pure, and without values."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson

from schemas.positions import Position
from schemas.values import value_class
from services.channels.mapping.outcome import ChannelOutcome, MappedContact, RefusedContact, SkippedContact
from services.operations.mapped_events import MappedEvent
from services.runtime.kafka.records import Record


class MappedStanding(StrEnum):
    """How a contact in a message stands to what the message became before."""

    NEW = "new"
    """It had no event, or Kafka no longer holds it."""
    CHANGES = "changes"
    SAME = "same"
    """The event of today differs in its revisie at most, or was decided already."""
    NO_LONGER = "no longer an event"
    """It had an event, which stays as it is: nothing takes it back."""
    NO_EVENT = "no event"
    NOT_MAPPED = "not mapped yet"
    """The mapper has yet to handle it."""
    CONFLICT = "revisie conflict"
    """The classifier would refuse other contents under a revisie that it has decided."""
    REFUSED = "refused"
    """The classifier would refuse it for another reason."""
    OVERTAKEN = "overtaken"
    """A higher revisie is in force: newer contents of the platform."""
    ERASED = "erased"
    """Something of the contact was erased. It is closed."""


@value_class(frozen=True, slots=True)
class MadeBefore:
    """The newest event that a message became, for one contact."""

    revisie: int
    mapping: str
    value: bytes


@value_class(frozen=True, slots=True)
class Compared:
    """One contact in a message, or a message without any."""

    record: Record
    standing: MappedStanding
    """Before the classifier is asked: `NEW` or `CHANGES` may yet be something else."""
    contact_id: str | None = None
    event: MappedContact | None = None
    """The event of today's mapping."""
    before: MadeBefore | None = None
    fields: tuple[str, ...] = ()
    """The fields of the event that differ, by name."""
    reason: str | None = None
    """Why there is no event."""

    @property
    def message(self) -> Position:
        """Where the message lies."""
        return Position(self.record.topic, self.record.partition, self.record.offset)


def made_before(events: Sequence[MappedEvent]) -> Mapping[str, MadeBefore]:
    """Return the newest event of each contact among those of one message, without records that are no event of one."""
    newest: dict[str, MadeBefore] = {}
    for each in events:
        data = _tree(each.record.value).get("data")
        contact_id, revisie = (data.get("contactId"), data.get("revisie")) if isinstance(data, dict) else (None, None)
        if isinstance(contact_id, str) and isinstance(revisie, int) and each.record.value is not None:
            known = newest.get(contact_id)
            if known is None or revisie > known.revisie:
                newest[contact_id] = MadeBefore(revisie, each.mapped.mapping, each.record.value)
    return newest


def compared(
    record: Record, outcomes: Sequence[ChannelOutcome], before: Mapping[str, MadeBefore]
) -> Iterator[Compared]:
    """Yield each contact that today's mapping finds in a message, and each that it had an event of."""
    mapped = {each.contact_id: each for each in outcomes if isinstance(each, MappedContact)}
    for contact_id, event in mapped.items():
        was = before.get(contact_id)
        if was is None:
            yield Compared(record, MappedStanding.NEW, contact_id, event)
        else:
            fields = tuple(dict.fromkeys(_names(_tree(was.value), _tree(event.value))))
            standing = MappedStanding.CHANGES if fields else MappedStanding.SAME
            yield Compared(record, standing, contact_id, event, was, fields)
    why = _why_no_event(outcomes)
    for contact_id in before.keys() - mapped.keys():
        yield Compared(record, MappedStanding.NO_LONGER, contact_id, before=before[contact_id], reason=why)
    if not mapped and not before:
        yield Compared(record, MappedStanding.NO_EVENT, reason=why)


def _tree(value: bytes | None) -> Mapping[str, Any]:
    try:
        tree = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return tree if isinstance(tree, dict) else {}


_OF_THE_MESSAGE = frozenset({"id", "data.revisie"})
"""The fields that differ whenever `herziening` is raised."""


def _names(was: Any, wordt: Any, name: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the fields that differ, without the number of an item in a list."""
    if name in _OF_THE_MESSAGE or was == wordt:
        return
    if isinstance(was, dict) and isinstance(wordt, dict):
        for each in {**was, **wordt}:
            yield from _names(was.get(each), wordt.get(each), f"{name}.{each}" if name else each)
    elif isinstance(was, list) and isinstance(wordt, list) and len(was) == len(wordt):
        for one, other in zip(was, wordt, strict=True):
            yield from _names(one, other, name)
    else:
        yield name


def _why_no_event(outcomes: Sequence[ChannelOutcome]) -> str:
    """Return why a message, or a contact in it, becomes no event: names of ours and of the mapping."""
    reasons = [
        f"skipped: {each.reason}" if isinstance(each, SkippedContact) else _refusal(each)
        for each in outcomes
        if not isinstance(each, MappedContact)
    ]
    return "; ".join(dict.fromkeys(reasons)) or "the mapping finds another contactId"


def _refusal(refused: RefusedContact) -> str:
    where = f" at {refused.faults[0].pad or refused.faults[0].place}" if refused.faults else ""
    return f"refused: {refused.kind.value}{where}"
