"""What the mapper shows of its work in logs, metrics and traces: names of ours and of the mapping, no value."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import structlog

from schemas.cloudevents import traceparent_in
from schemas.faults import RefusalKind
from schemas.values import value_class
from services.channels.loading import MappedChannel
from services.channels.mapping.outcome import ChannelOutcome, MappedContact, RefusedContact, SkippedContact
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record, tell_oversized, value_bytes
from services.runtime.observe import metrics
from services.runtime.observe.tracing import Attributes, Spans

log = structlog.get_logger()

MAP: Final = "message.map"
"""The name of a record's span."""


class MappedAs(StrEnum):
    """What became of a contact in a message, as its label in metrics and logs."""

    EVENT = "event"
    SKIPPED = "skipped"
    DEAD_LETTER = "dead_letter"


@value_class(frozen=True, slots=True)
class MappedMessage:
    """A raw record, what became of its contacts, and what goes out for it."""

    record: Record
    channel: MappedChannel
    outcomes: Sequence[ChannelOutcome] | None
    """None: our own code failed on it."""
    messages: Sequence[Message]

    def weight(self) -> int:
        """Return the bytes that go out."""
        return sum(map(value_bytes, self.messages))

    @property
    def kinds(self) -> list[MappedAs]:
        """What became of each of its contacts."""
        if self.outcomes is None:
            return [MappedAs.DEAD_LETTER]
        return [_OF_OUTCOME[type(each)] for each in self.outcomes]


_OF_OUTCOME: Final = {
    MappedContact: MappedAs.EVENT,
    SkippedContact: MappedAs.SKIPPED,
    RefusedContact: MappedAs.DEAD_LETTER,
}


def show_channel_counters(channels: Iterable[MappedChannel]) -> None:
    """Show each counter from the start: Prometheus sees no increase in a series that begins above 0."""
    for channel in channels:
        for outcome in MappedAs:
            metrics.CHANNEL_MAPPED.labels(channel.naam, channel.mapping.label, outcome.value)
        for reason in channel.mapping.skip_reasons:
            metrics.CHANNEL_SKIPPED.labels(channel.naam, reason)
    for kind in RefusalKind:
        metrics.DEAD_LETTERS.labels(kind=kind.value)


def tell_mapped(batch: Sequence[MappedMessage]) -> None:
    """Log and count a batch of one partition that was published and committed: one line, and at debug one a record."""
    channel, outcomes = batch[0].channel, Counter(kind for mapped in batch for kind in mapped.kinds)
    for outcome, number in outcomes.items():
        metrics.CHANNEL_MAPPED.labels(channel.naam, channel.mapping.label, outcome.value).inc(number)
    for reason, number in _reasons(batch).items():
        metrics.CHANNEL_SKIPPED.labels(channel.naam, reason).inc(number)
    for kind, number in _refusals(batch).items():
        metrics.DEAD_LETTERS.labels(kind=kind).inc(number)
    _measure(batch)
    if log.is_enabled_for(logging.DEBUG):
        for mapped in batch:
            log.debug("message.mapped", **_place(mapped.record), outcomes=[kind.value for kind in mapped.kinds])
    first, last = batch[0].record, batch[-1].record
    log.info(
        "batch.committed",
        topic=first.topic,
        partition=first.partition,
        first_offset=first.offset,
        last_offset=last.offset,
        records=len(batch),
        messages=sum(len(mapped.messages) for mapped in batch),
        mapping=channel.mapping.label,
        events=outcomes[MappedAs.EVENT],
        skipped=outcomes[MappedAs.SKIPPED],
        refused=outcomes[MappedAs.DEAD_LETTER],
    )
    if refused := outcomes[MappedAs.DEAD_LETTER]:
        log.warning("dead_letters.published", topic=first.topic, partition=first.partition, number=refused)


def _reasons(batch: Iterable[MappedMessage]) -> Counter[str]:
    outcomes = (each for mapped in batch for each in mapped.outcomes or ())
    return Counter(each.reason for each in outcomes if isinstance(each, SkippedContact))


def _refusals(batch: Iterable[MappedMessage]) -> Counter[str]:
    """Count the letters by kind. A message becomes one letter, however many of its contacts were refused."""
    kinds: Counter[str] = Counter()
    for mapped in batch:
        refused = next((each for each in mapped.outcomes or () if isinstance(each, RefusedContact)), None)
        if mapped.outcomes is None:
            kinds[RefusalKind.INTERNE_FOUT.value] += 1
        elif refused is not None:
            kinds[refused.kind.value] += 1
    return kinds


def _measure(batch: Sequence[MappedMessage]) -> None:
    now = datetime.now(UTC)
    waited = [(now - mapped.record.written_at).total_seconds() for mapped in batch]
    metrics.observe_all(metrics.PUBLISHED_TO_DECIDED_SECONDS, waited)
    metrics.BATCH_SIZE_RECORDS.observe(len(batch))
    metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()
    for record in (mapped.record for mapped in batch):
        if record.oversized is not None:
            tell_oversized(record.topic, record.partition, record.oversized)


def tell_own_failure(record: Record, error: Exception) -> None:
    """Log a bug of ours: what kind of error, and where."""
    metrics.OWN_FAILURES.inc()
    log.error("message.mapping_failed", **_place(record), exc_info=error)


def tell_spans(spans: Spans, batch: Sequence[MappedMessage], *, started_ns: int) -> None:
    """Record what was mapped, as children of the platform's spans."""
    for mapped in batch:
        record = mapped.record
        attributes: Attributes = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            "klantcontact.mapping": mapped.channel.mapping.label,
            "klantcontact.outcomes": [kind.value for kind in mapped.kinds],
        }
        spans.record(MAP, traceparent_in(record.headers), attributes, started_ns=started_ns)


def _place(record: Record) -> dict[str, str | int]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
