"""The projector's metrics and spans. They hold ids and our own words only."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog
from aiokafka import TopicPartition
from prometheus_client import Histogram

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from schemas.partij_withdrawn_v1 import PartijWithdrawn
from schemas.taak_created_v1 import TaakCreated
from schemas.taak_withdrawn_v1 import TaakWithdrawn
from schemas.types import Bericht
from services.projector.batch import PassedOver, ReadEvent
from services.projector.errors import ForeignReason
from services.projector.events import OutputEvent
from services.runtime.kafka.records import Record, tell_oversized
from services.runtime.observe import metrics
from services.runtime.observe.tracing import Attributes, Spans

log = structlog.get_logger()

SPANS: Final[Mapping[type[Bericht], str]] = {
    KlantcontactRegistered: "klantcontact.store",
    KlantcontactWithdrawn: "klantcontact.withdraw",
    TaakCreated: "taak.store",
    TaakWithdrawn: "taak.withdraw",
    PartijWithdrawn: "partij.withdraw",
}


FOREIGN_LOG_SECONDS: Final = 60 * 60
"""How long one line in the log stands for all foreign records of a partition. A producer may write thousands."""


class ForeignRecords:
    """Counts the records that were passed over, and logs one in each partition and hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged_at: dict[TopicPartition, float] = {}

    def tell(self, passed_over: Sequence[PassedOver]) -> None:
        """Count the records, and log the first in a partition whose last line is an hour old."""
        for record, reason in passed_over:
            metrics.PASSED_OVER_RECORDS.labels(topic=record.topic, reason=reason.value).inc()
            if record.oversized is not None:
                tell_oversized(record.topic, record.partition, record.oversized)
            now, last = self._clock(), self._logged_at.get(record.place)
            if last is None or now - last >= FOREIGN_LOG_SECONDS:
                self._logged_at[record.place] = now
                log.warning(
                    "projector.passed_over",
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    reason=reason.value,
                )


def show_foreign_counters(topics: Sequence[str]) -> None:
    """Show each counter from the start. Prometheus sees no increase in a series that begins above 0."""
    for topic in topics:
        for reason in ForeignReason:
            metrics.PASSED_OVER_RECORDS.labels(topic=topic, reason=reason.value)


def count_stored(events: Sequence[OutputEvent]) -> None:
    """Count a committed batch, and measure the time since each event was decided and each contact took place."""
    if not events:
        return
    now = datetime.now(UTC)
    for kind, count in Counter(event.fact.model for event in events).items():
        metrics.PROJECTED_EVENTS.labels(type=kind.__name__).inc(count)
    metrics.BATCH_SIZE_RECORDS.observe(len(events))
    registered = [event.fact.data for event in events if event.fact.model is KlantcontactRegistered]
    _observe_since(metrics.DECIDED_TO_STORED_SECONDS, now, [event.time for event in events])
    _observe_since(
        metrics.CONTACT_TO_STORED_SECONDS, now, [data["klantcontact"]["plaatsgevondenOp"] for data in registered]
    )


def _observe_since(histogram: Histogram, now: datetime, moments: Sequence[datetime]) -> None:
    metrics.observe_all(histogram, [(now - moment).total_seconds() for moment in moments])


def tell_spans(spans: Spans, stored: Sequence[ReadEvent], *, started_ns: int) -> None:
    """Record a span for each stored event, with the publisher's span as its parent, as the decision's span has."""
    for record, event in stored:
        name, attributes = SPANS[event.fact.model], _attributes(record, event)
        spans.record(name, event.traceparent, attributes, started_ns=started_ns)


def _attributes(record: Record, event: OutputEvent) -> Attributes:
    data = event.fact.data
    herkomst = data["herkomst"]
    return {
        **record.attributes,
        "klantcontact.source": herkomst["source"],
        "klantcontact.contact_id": herkomst["contactId"],
        "klantcontact.revisie": herkomst["revisie"],
        "klantcontact.rules": [data["besluit"]["regel"]],
        "klantcontact.subject": event.subject,
    }
