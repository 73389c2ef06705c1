"""The projector's metrics and spans. They hold ids and our own words only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from schemas.partij_withdrawn_v1 import PartijWithdrawn
from schemas.taak_created_v1 import TaakCreated
from schemas.taak_withdrawn_v1 import TaakWithdrawn
from services.projector.events import Fact, OutputEvent
from services.runtime.kafka.records import Record, tell_oversized
from services.runtime.observe import metrics
from services.runtime.observe.tracing import Attributes, Spans

SPANS: Final[Mapping[type[Fact], str]] = {
    KlantcontactRegistered: "klantcontact.store",
    KlantcontactWithdrawn: "klantcontact.withdraw",
    TaakCreated: "taak.store",
    TaakWithdrawn: "taak.withdraw",
    PartijWithdrawn: "partij.withdraw",
}


def count_stored(events: Sequence[OutputEvent]) -> None:
    """Count a committed batch, and measure the time since each event was decided and each contact took place."""
    now = datetime.now(UTC)
    for kind, count in Counter(type(event.data) for event in events).items():
        metrics.PROJECTED_EVENTS.labels(type=kind.__name__).inc(count)
    metrics.BATCH_SIZE_RECORDS.observe(len(events))
    for event in events:
        metrics.DECIDED_TO_STORED_SECONDS.observe((now - event.time).total_seconds())
        if isinstance(event.data, KlantcontactRegistered):
            moment = event.data.klantcontact.plaatsgevonden_op
            metrics.CONTACT_TO_STORED_SECONDS.observe((now - moment).total_seconds())


def tell_passed_over(record: Record) -> None:
    """Log and count a batch that was passed over."""
    assert record.oversized is not None, "else it was read"
    tell_oversized(record.topic, record.partition, record.oversized)


def tell_spans(spans: Spans, records: Sequence[Record], events: Sequence[OutputEvent], *, started_ns: int) -> None:
    """Record a span for each stored event, with the publisher's span as its parent, as the decision's span has."""
    for record, event in zip(records, events, strict=True):
        name, attributes = SPANS[type(event.data)], _attributes(record, event)
        spans.record(name, event.traceparent, attributes, started_ns=started_ns)


def _attributes(record: Record, event: OutputEvent) -> Attributes:
    herkomst = event.data.herkomst
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
        "klantcontact.source": herkomst.source,
        "klantcontact.contact_id": herkomst.contact_id,
        "klantcontact.revisie": herkomst.revisie,
        "klantcontact.rules": [event.data.besluit.regel],
        "klantcontact.subject": event.subject or "",
    }
