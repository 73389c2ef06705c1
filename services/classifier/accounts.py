"""What the classifier tells of its work: log lines and counters, with ids and our own words only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

import structlog

from schemas.decoding import Received
from schemas.faults import Refusal, RefusalKind
from services.classifier.encoding import Outcome, OwnFailure
from services.classifier.ports import Message, Record
from services.domain.besluit import Besluit
from services.domain.judgement import Judged, Overtaken, Refused, Repeated
from services.runtime import metrics

log = structlog.get_logger()

MAX_FAULTS: Final = 20
"""Of one message in its log line; the dead letter has more of them."""


@dataclass(frozen=True, slots=True)
class Handled:
    """A record, what became of it, and what goes out for it."""

    record: Record
    outcome: Outcome
    messages: Sequence[Message]


def tell_batch(batch: Sequence[Handled]) -> None:
    """Log and count a batch that was published and committed."""
    outcomes = Counter(_tell(handled) for handled in batch)
    for outcome, number in outcomes.items():
        metrics.CONTACTS.labels(outcome=outcome).inc(number)
    metrics.BATCH_SIZE_CONTACTS.observe(len(batch))
    metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()
    first, last = batch[0].record, batch[-1].record
    if refused := outcomes["refused"] + outcomes["failed"]:
        log.warning("dead_letters.published", topic=first.topic, partition=first.partition, number=refused)
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


def _tell(handled: Handled) -> str:
    """Log and count one record, and name what became of it."""
    match handled.outcome:
        case Judged(received, besluit):
            return _tell_decision("decided", received, besluit)
        case Repeated(received, besluit):
            return _tell_decision("repeated", received, besluit)
        case Overtaken(received, besluit):
            log.debug(
                "contact.skipped",
                reason="overtaken",
                contact_id=received.contact.contact_id,
                revisie=received.contact.revisie,
                revisie_in_force=besluit.revisie,
            )
            return "overtaken"
        case Refused(_, refusal):
            return _tell_refusal(handled.record, refusal)
        case Refusal() as refusal:
            return _tell_refusal(handled.record, refusal)
        case OwnFailure():
            metrics.DEAD_LETTERS.labels(kind=RefusalKind.INTERNE_FOUT.value).inc()
            return "failed"
        case _:
            assert_never(handled.outcome)


def _tell_decision(outcome: str, received: Received, besluit: Besluit) -> str:
    for path in received.unknown_fields:
        metrics.count_unknown_field(path)
    for onderwerp in besluit.onderwerpen:
        metrics.DECISIONS.labels(rule=onderwerp.regel.value).inc()
    log.debug(
        "contact.decided",
        repeated=outcome == "repeated",
        contact_id=besluit.contact_id,
        revisie=besluit.revisie,
        rules=[onderwerp.regel.value for onderwerp in besluit.onderwerpen],
        policy=besluit.beleidsversie,
        trace_id=_trace_id(received.traceparent),
    )
    return outcome


def _tell_refusal(record: Record, refusal: Refusal) -> str:
    metrics.DEAD_LETTERS.labels(kind=refusal.kind.value).inc()
    log.debug(
        "contact.refused",
        kind=refusal.kind.value,
        partition=record.partition,
        offset=record.offset,
        faults=[f"{fault.pad}: {fault.soort}" for fault in refusal.faults[:MAX_FAULTS]],
    )
    return "refused"


def _trace_id(traceparent: str | None) -> str | None:
    """Give the second part of a W3C traceparent, which is the same in every service of one trace."""
    return traceparent.split("-")[1] if traceparent is not None else None
