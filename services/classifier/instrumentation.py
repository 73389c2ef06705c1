"""What the classifier tells of its work: log lines and counters, with ids and our own words only.

What the classifier tells of a batch in traces: one span for each contact whose publisher began a trace.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from schemas.faults import Refusal, RefusalKind
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.classifier.encoding import Outcome, OwnFailure
from services.classifier.ports import Message
from services.domain.besluit import BesluitRecord
from services.domain.judgement import Judged, Judgement, Overtaken, Refused, Rejudged, Repeated, Unchanged
from services.runtime.kafka.records import Record, value_bytes
from services.runtime.observe import metrics
from services.runtime.observe.tracing import Attributes, Spans

log = structlog.get_logger()

MAX_FAULTS: Final = 20
"""Of one message in its log line; the dead letter has more of them."""


@value_class(frozen=True, slots=True)
class Handled:
    """A record, what became of it, and what goes out for it."""

    record: Record
    outcome: Outcome
    messages: Sequence[Message]

    def weight(self) -> int:
        """Give the bytes that go out."""
        return sum(map(value_bytes, self.messages))


def tell_batch(batch: Sequence[Handled]) -> None:
    """Log and count a batch that was published and committed: one line, and at debug one for each record."""
    outcomes = Counter(OUTCOMES[type(handled.outcome)] for handled in batch)
    _count(batch, outcomes)
    _measure(batch)
    if log.is_enabled_for(logging.DEBUG):
        for handled in batch:
            _tell(handled)
    first, last = batch[0].record, batch[-1].record
    log.info(
        "batch.committed",
        topic=first.topic,
        partition=first.partition,
        first_offset=first.offset,
        last_offset=last.offset,
        records=len(batch),
        messages=sum(len(handled.messages) for handled in batch),
        **outcomes,
    )
    if refused := outcomes["refused"] + outcomes["failed"]:
        log.warning("dead_letters.published", topic=first.topic, partition=first.partition, number=refused)


def tell_own_failure(record: Record, error: Exception) -> None:
    """Log a bug of ours: what kind of error, and where."""
    metrics.OWN_FAILURES.inc()
    log.error(
        "contact.handling_failed",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        exc_info=error,
    )


OUTCOMES: Final[Mapping[type[Outcome], str]] = {
    Judged: "decided",
    Rejudged: "rejudged",
    Unchanged: "unchanged",
    Repeated: "repeated",
    Overtaken: "overtaken",
    Refused: "refused",
    Refusal: "refused",
    OwnFailure: "failed",
}
"""What became of a record, as logs, metrics and traces name it."""


# Counting -------------------------------------------------------------------------------------------------------------

# At 0 from the start: an increase from nothing at all is none to Prometheus, and the first ones would be missed.
for _name in OUTCOMES.values():
    metrics.CONTACTS.labels(outcome=_name)
for _kind in RefusalKind:
    metrics.DEAD_LETTERS.labels(kind=_kind.value)


def _count(batch: Sequence[Handled], outcomes: Counter[str]) -> None:
    for name, number in outcomes.items():
        metrics.CONTACTS.labels(outcome=name).inc(number)
    rules, kinds = Counter[str](), Counter[str]()
    for handled in batch:
        match handled.outcome:
            case Judged(received, besluit) | Rejudged(received, besluit) | Repeated(received, besluit):
                rules.update([onderwerp.regel.value for onderwerp in besluit.onderwerpen])
                for path in received.unknown_fields:
                    metrics.count_unknown_field(path)
            case Refused(_, refusal):
                kinds[refusal.kind.value] += 1
            case Refusal(kind):
                kinds[kind.value] += 1
            case OwnFailure():
                kinds[RefusalKind.INTERNE_FOUT.value] += 1
    for rule, number in rules.items():
        metrics.DECISIONS.labels(rule=rule).inc(number)
    for kind_name, number in kinds.items():
        metrics.DEAD_LETTERS.labels(kind=kind_name).inc(number)


def _measure(batch: Sequence[Handled]) -> None:
    now = datetime.now(UTC)
    for handled in batch:
        metrics.PUBLISHED_TO_DECIDED_SECONDS.observe((now - handled.record.written_at).total_seconds())
    metrics.BATCH_SIZE_RECORDS.observe(len(batch))
    metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()


# One line a record ----------------------------------------------------------------------------------------------------


def _tell(handled: Handled) -> None:
    match handled.outcome:
        case Judged(received, besluit) | Rejudged(received, besluit):
            _tell_decision(received, besluit, repeated=False)
        case Repeated(received, besluit):
            _tell_decision(received, besluit, repeated=True)
        case Overtaken(received, besluit) | Unchanged(received, besluit):
            log.debug(
                "contact.skipped",
                reason=OUTCOMES[type(handled.outcome)],
                contact_id=received.contact.contact_id,
                revisie=received.contact.revisie,
                revisie_in_force=besluit.revisie,
                trace_id=_trace_id(received.traceparent),
            )
        case Refused(_, refusal):
            _tell_refusal(handled.record, refusal)
        case Refusal() as refusal:
            _tell_refusal(handled.record, refusal)
        case OwnFailure():
            pass  # told when it happened


def _tell_decision(received: Received, besluit: BesluitRecord, *, repeated: bool) -> None:
    log.debug(
        "contact.decided",
        repeated=repeated,
        contact_id=besluit.contact_id,
        revisie=besluit.revisie,
        besluitversie=besluit.besluitversie,
        rules=[onderwerp.regel.value for onderwerp in besluit.onderwerpen],
        policy=besluit.beleidsversie,
        notes=list(besluit.kanttekeningen),
        trace_id=_trace_id(received.traceparent),
    )


def _tell_refusal(record: Record, refusal: Refusal) -> None:
    log.debug(
        "contact.refused",
        kind=refusal.kind.value,
        partition=record.partition,
        offset=record.offset,
        faults=[f"{fault.pad}: {fault.soort}" for fault in refusal.faults[:MAX_FAULTS]],
    )


def _trace_id(traceparent: str | None) -> str | None:
    """Give the second part of a W3C traceparent, which is the same in every service of one trace."""
    return traceparent.split("-")[1] if traceparent is not None else None


DECIDE: Final = "contact.decide"


def tell_spans(spans: Spans, batch: Sequence[Handled], *, started_ns: int) -> None:
    """Record what was decided, as children of the publishers' spans. What could not be read has no parent to show."""
    for handled in batch:
        outcome = handled.outcome
        if not isinstance(outcome, Refusal | OwnFailure):
            spans.record(DECIDE, outcome.received.traceparent, _attributes(handled, outcome), started_ns=started_ns)


def _attributes(handled: Handled, outcome: Judgement) -> Attributes:
    record, received = handled.record, outcome.received
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
        "klantcontact.outcome": OUTCOMES[type(outcome)],
        "klantcontact.source": received.source,
        "klantcontact.contact_id": received.contact.contact_id,
        "klantcontact.revisie": received.contact.revisie,
        "klantcontact.rules": _rules(outcome),
    }


def _rules(outcome: Judgement) -> Sequence[str]:
    if isinstance(outcome, Refused):
        return ()
    return [onderwerp.regel.value for onderwerp in outcome.besluit.onderwerpen]
