"""A message of a channel and what became of it: rows of a name and a text, and JSON. No contents."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from services.channels.mapping.outcome import ChannelOutcome, MappedContact, RefusedContact, SkippedContact
from services.cli.explain_rows import Row, few, letter_rows, where
from services.cli.json_values import json_value
from services.operations.explain.held import Held
from services.operations.explain.message import AtMessage, MappedNow, MessageEvent
from services.operations.wording import printable, printable_id, to_the_second

LIES: Final = {
    Held.RECORD: "it lies there",
    Held.NOTHING: "no message: the mark of a transaction, or a message of one that was aborted",
    Held.GONE: "no longer there; its retention has ended",
    Held.NOT_YET: "nothing was written there yet",
}


def at_message(found: AtMessage) -> Iterator[Row]:
    """Return the rows for a message."""
    yield "asked for", f"{where(found.position)}: {_lies(found)}"
    if found.events:
        yield from few("events", [_event(each) for each in found.events])
    elif found.events is not None and found.is_handled and found.held is not Held.GONE:
        yield "events", "none"
    if found.now is not None:
        yield "mapping", _now(found.now)
    if found.letters is not None:
        yield from letter_rows(found.letters)


def _lies(found: AtMessage) -> str:
    if found.held is Held.BATCH:
        what = f"part of a batch up to offset {found.last_offset} that is too large to read"
    elif found.waits_since:
        what = f"it waits behind a transaction that somebody has open since {to_the_second(found.waits_since)}"
    else:
        what = LIES[found.held]
    return what if found.held is Held.NOT_YET else f"{what}, {'mapped' if found.is_handled else 'not mapped yet'}"


def _event(event: MessageEvent) -> str:
    decided = (
        f"contact {printable_id(event.contact_id)}: {' '.join(event.regels)}" if event.contact_id else "not decided"
    )
    return f"{where(event.position)}, by mapping {printable(event.mapping)}; {decided}"


def _now(now: MappedNow) -> str:
    counts = Counter(map(outcome_in_words, now.outcomes))
    told = "; ".join(each if number == 1 else f"{number} × {each}" for each, number in counts.items())
    return f"{now.mapping} of today makes of it: {told}"


def outcome_in_words(outcome: ChannelOutcome) -> str:
    """Return what becomes of a contact in a message, without values."""
    match outcome:
        case MappedContact():
            return "an event"
        case SkippedContact(reason=reason):
            return f"nothing, skipped: {reason}"
        case RefusedContact(kind=kind, faults=faults):
            places = ", ".join(f"{each.kind.value} at {each.pad or each.place}" for each in faults[:1])
            more = f" (+{len(faults) - 1})" if len(faults) > 1 else ""
            return f"a dead letter, {kind.value}" + (f": {places}{more}" if places else "")


def at_message_json(found: AtMessage, letters: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a message for a program; `letters` as an explanation has them."""
    return {
        "message": {
            "position": json_value(found.position),
            "held": found.held,
            "waitsSince": json_value(found.waits_since),
            "lastOffset": found.last_offset,
            "isHandled": found.is_handled,
        },
        "events": json_value(found.events),
        "mappedNow": None
        if found.now is None
        else {"mapping": found.now.mapping, "outcomes": outcomes_json(found.now.outcomes)},
        "letters": letters,
    }


def outcomes_json(outcomes: Sequence[ChannelOutcome]) -> list[dict[str, Any]]:
    """Return what becomes of each contact in a message, without values."""
    return [_outcome_json(each) for each in outcomes]


def _outcome_json(outcome: ChannelOutcome) -> dict[str, Any]:
    match outcome:
        case MappedContact(revisie=revisie):
            return {"uitkomst": "event", "revisie": revisie}
        case SkippedContact(reason=reason):
            return {"uitkomst": "overgeslagen", "reden": reason}
        case RefusedContact(kind=kind, faults=faults):
            places = [{"plaats": each.place, "soort": each.kind.value, "pad": each.pad} for each in faults]
            return {"uitkomst": "geweigerd", "soort": kind.value, "fouten": places}
