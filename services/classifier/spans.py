"""What the classifier tells of a batch in traces: one span for each contact whose publisher began a trace."""

from collections.abc import Sequence
from typing import Final

from schemas.faults import Refusal
from services.classifier.accounts import OUTCOMES, Handled
from services.classifier.encoding import OwnFailure
from services.domain.judgement import Judgement, Refused
from services.runtime.observe.tracing import Attributes, Spans

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
