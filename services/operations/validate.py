"""Checks of a publisher's events: the errors that the classifier would find, and what to do about them.

An answer holds no value of an event except its contactId, and the names of fields that are not read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import orjson

from schemas.cloudevents import binary_attributes
from schemas.consent_changed_v1 import ToestemmingGewijzigdEvent
from schemas.contact_ended_v1 import ContactEndedEvent
from schemas.faults import HINTS, Fault, FaultKind, Refusal, generalised
from schemas.hints import hint
from schemas.reading.consent import decode_either, is_change
from schemas.reading.decoding import Received
from schemas.reading.origin import ID_NAMES
from schemas.reading.shapes import shapes_of
from schemas.types import Bericht
from services.domain.outcome import Outcome, Refused
from services.domain.personal import looks_personal
from services.domain.policy import Beleid
from services.operations.classify import judged_lines, structured
from services.operations.dead_letters.content import ContentRefused, content_on
from services.operations.schema_lines import CHANGE, SchemaLine, schema_line

LOOKS_PERSONAL = (
    "This looks like a BSN, an e-mail address or a telephone number. It stands in events, logs and traces: use an id "
    "that says nothing."
)

ALIKE = 0.75
"""From 0 to 1: how alike two names must be for one to count as a misspelling of the other."""

SHORTEST_PART = 5
"""The fewest characters of a part of a name that can stand for the name, as `toestemming` for toestemmingHergebruik."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One error: where, its kind, what to do about it, and the line of the schema that it breaks."""

    pad: str
    soort: FaultKind
    hint: str
    schema: SchemaLine


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A field that is ignored, by its path without list positions; `meant` is the known name most like it."""

    pad: str
    meant: str | None


@dataclass(frozen=True, slots=True)
class Warned:
    """A place that holds something that should not stand there. It makes no event invalid."""

    pad: str
    hint: str


@dataclass(frozen=True, slots=True)
class Validation:
    """One event, which is valid when it has no findings. Unknown fields and warnings are no error.

    Lines count from 1.
    """

    line_number: int
    contact_id: str | None
    findings: Sequence[Finding]
    unknown_fields: Sequence[UnknownField]
    warnings: Sequence[Warned] = ()


@dataclass(slots=True)
class Summary:
    """All events together. A cause is a path with `*` for list positions, and a kind; an event counts it once."""

    events: int = 0
    invalid: int = 0
    warned: int = 0
    causes: Counter[tuple[str, FaultKind]] = field(default_factory=Counter)

    def add(self, validation: Validation) -> None:
        """Count one event."""
        self.events += 1
        self.invalid += bool(validation.findings)
        self.warned += bool(validation.warnings)
        causes = [(generalised(each.pad), each.soort) for each in validation.findings]
        self.causes.update(dict.fromkeys(causes, 1))


def validate(
    lines: Iterable[bytes], beleid: Beleid, *, topic: str | None = None, binary: bool = False
) -> Iterator[Validation]:
    """Check CloudEvents, one a line, in order: each alone, and against the lines before it.

    `topic` is where they would be sent, for a policy that says which sources may send there.
    Only several events together show a revisie_conflict, and some cases of dubbele_partij. With `binary` a line holds a
    record, in the form of `dlq export`. Raises ContentRefused for a line that does not have that form.
    """
    last = b""

    def seen() -> Iterator[bytes]:
        nonlocal last
        for line in lines:
            last = line
            yield line

    for line_number, outcome in judged_lines(seen(), beleid, _of_record if binary else structured, topic=topic):
        yield _validation(line_number, outcome, _event_on(last) if binary else last)


def _of_record(line_number: int, line: bytes) -> Received | Refusal:
    try:
        record = content_on(line)
    except ContentRefused as error:
        raise ContentRefused(f"line {line_number}: {error}") from error
    return decode_either(record.value or b"", record.headers)


def _event_on(line: bytes) -> bytes:
    """Return the event of a record as it would be in structured mode; nothing when its value can't be read."""
    record = content_on(line)
    attributes = binary_attributes(record.headers)
    if attributes is None:
        return record.value or b""
    try:
        return orjson.dumps({**attributes, "data": orjson.loads(record.value or b"")})
    except orjson.JSONDecodeError:
        return b""


def _validation(line_number: int, outcome: Outcome, line: bytes) -> Validation:
    of_change = is_change(line)
    if isinstance(outcome, Refused):
        contact_id, faults, unknown = outcome.refusal.contact_id, outcome.refusal.faults, outcome.refusal.unknown_fields
    else:
        contact_id, faults, unknown = outcome.received.contact.contact_id, (), outcome.received.unknown_fields
    return Validation(
        line_number,
        contact_id,
        tuple(_finding(fault, of_change=of_change) for fault in faults),
        tuple(UnknownField(pad, _meant(pad, of_change=of_change)) for pad in unknown),
        tuple(Warned(pad, LOOKS_PERSONAL) for pad, text in _names(line) if looks_personal(text)),
    )


def _names(line: bytes) -> Iterator[tuple[str, str]]:
    """Yield the ids, key and source of an event that can be read, valid or not, each with its path."""
    try:
        tree = orjson.loads(line)
    except orjson.JSONDecodeError:
        return
    data = _object(_object(tree).get("data"))
    places: list[tuple[str, object]] = [
        (name, _object(tree).get(name)) for name in ("id", "source", "subject", "partitionkey")
    ]
    places += [(f"data.{name}", data.get(name)) for name in ID_NAMES]
    for name, each in (("betrokkenen", "ref"), ("onderwerpen", "onderwerpId")):
        of_list = data.get(name)
        for at, item in enumerate(of_list if isinstance(of_list, list) else ()):
            places.append((f"data.{name}.{at}.{each}", _object(item).get(each)))
    yield from ((pad, text) for pad, text in places if isinstance(text, str))


def _object(tree: object) -> dict[str, Any]:
    return tree if isinstance(tree, dict) else {}


def _finding(fault: Fault, *, of_change: bool) -> Finding:
    if not of_change:
        return Finding(fault.pad, fault.soort, hint(fault), schema_line(fault))
    return Finding(fault.pad, fault.soort, HINTS[fault.soort], schema_line(fault, CHANGE))


def _meant(pad: str, *, of_change: bool) -> str | None:
    """Return the known name, at the same place, that is most like the last one of a path."""
    model: type[Bericht] = ToestemmingGewijzigdEvent if of_change else ContactEndedEvent
    rest = pad
    while (name := rest.partition(".")[0]) != rest and (shape := shapes_of(model).get(name)) and shape.model:
        model, rest = shape.model, rest.partition(".")[2]
    known = {_plain(each): each for each in shapes_of(model)}
    written = _plain(rest)
    found = get_close_matches(written, known, n=1, cutoff=ALIKE) or _parts_alike(written, list(known))
    return known[found[0]] if found else None


def _parts_alike(written: str, known: Sequence[str]) -> list[str]:
    """Return the one name that holds a shorter one, or begins a longer one; none where several do."""
    if len(written) < SHORTEST_PART:
        return []
    found = [each for each in known if written in each] or [
        each for each in known if len(each) >= SHORTEST_PART and written.startswith(each)
    ]
    return found if len(found) == 1 else []


def _plain(name: str) -> str:
    """Return a name without what people spell in different ways: capitals and separators."""
    return name.casefold().replace("_", "").replace("-", "")
