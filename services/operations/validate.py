"""Checks of a publisher's events: the errors that the classifier would find, and what to do about them.

An answer holds no value of an event except its contactId, and the names of fields that are not read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from schemas.contact_ended_v1 import ContactEndedEvent
from schemas.faults import HINTS, Fault, FaultKind, Refusal, generalised
from schemas.reading.decoding import Received, decode
from schemas.reading.shapes import shapes_of
from schemas.types import Bericht
from services.domain.outcome import Outcome, Refused
from services.domain.policy import Beleid
from services.operations.classify import judged_lines, structured
from services.operations.dead_letters.content import ContentRefused, content_on
from services.operations.schema_lines import SchemaLine, schema_line

ALIKE = 0.75
"""From 0 to 1: how alike two names must be for one to count as a misspelling of the other."""


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
class Validation:
    """One event, which is valid when it has no findings. Unknown fields are no error. Lines count from 1."""

    line_number: int
    contact_id: str | None
    findings: Sequence[Finding]
    unknown_fields: Sequence[UnknownField]


@dataclass(slots=True)
class Summary:
    """All events together. A cause is a path with `*` for list positions, and a kind; an event counts it once."""

    events: int = 0
    invalid: int = 0
    causes: Counter[tuple[str, FaultKind]] = field(default_factory=Counter)

    def add(self, validation: Validation) -> None:
        """Count one event."""
        self.events += 1
        self.invalid += bool(validation.findings)
        causes = [(generalised(each.pad), each.soort) for each in validation.findings]
        self.causes.update(dict.fromkeys(causes, 1))


def validate(lines: Iterable[bytes], beleid: Beleid, *, binary: bool = False) -> Iterator[Validation]:
    """Check CloudEvents, one a line, in order: each alone, and against the lines before it.

    Only several events together show a revisie_conflict, and some cases of dubbele_partij. With `binary` a line holds a
    record, in the form of `dlq export`. Raises ContentRefused for a line that does not have that form.
    """
    for line_number, outcome in judged_lines(lines, beleid, _of_record if binary else structured):
        yield _validation(line_number, outcome)


def _of_record(line_number: int, line: bytes) -> Received | Refusal:
    try:
        record = content_on(line)
    except ContentRefused as error:
        raise ContentRefused(f"line {line_number}: {error}") from error
    return decode(record.value, record.headers)


def _validation(line_number: int, outcome: Outcome) -> Validation:
    if isinstance(outcome, Refused):
        contact_id, faults, unknown = outcome.refusal.contact_id, outcome.refusal.faults, outcome.refusal.unknown_fields
    else:
        contact_id, faults, unknown = outcome.received.contact.contact_id, (), outcome.received.unknown_fields
    return Validation(
        line_number,
        contact_id,
        tuple(map(_finding, faults)),
        tuple(UnknownField(pad, _meant(pad)) for pad in unknown),
    )


def _finding(fault: Fault) -> Finding:
    return Finding(fault.pad, fault.soort, HINTS[fault.soort], schema_line(fault))


def _meant(pad: str) -> str | None:
    """Return the known name, at the same place, that is most like the last one of a path."""
    model: type[Bericht] = ContactEndedEvent
    rest = pad
    while (name := rest.partition(".")[0]) != rest and (shape := shapes_of(model).get(name)) and shape.model:
        model, rest = shape.model, rest.partition(".")[2]
    return next(iter(get_close_matches(rest, shapes_of(model), n=1, cutoff=ALIKE)), None)
