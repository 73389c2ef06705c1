"""The logs, metrics and spans of the mapper. They hold names of ours and of the mapping, and no value of a message."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import structlog

from schemas.cloudevents import traceparent_in
from schemas.faults import RefusalKind
from schemas.values import value_class
from services.channels.loading import MappedChannel
from services.channels.mapping.outcome import ChannelOutcome, MappedContact, RefusedContact, SkippedContact
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.telling import tell_committed
from services.runtime.kafka.records import Record, value_bytes
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
    """Show each counter at 0: Prometheus sees no increase in a series that begins above it."""
    for channel in channels:
        for outcome in MappedAs:
            metrics.CHANNEL_MAPPED.labels(channel.naam, channel.mapping.label, outcome.value)
        for reason in channel.mapping.skip_reasons:
            metrics.CHANNEL_SKIPPED.labels(channel.naam, reason)
    for kind in RefusalKind:
        metrics.DEAD_LETTERS.labels(kind=kind.value)


def tell_mapped(batch: Sequence[MappedMessage]) -> None:
    """Log and count a committed batch of one partition: one line, and at debug level one for each record."""
    channel, outcomes = batch[0].channel, Counter(kind for mapped in batch for kind in mapped.kinds)
    for outcome, number in outcomes.items():
        metrics.CHANNEL_MAPPED.labels(channel.naam, channel.mapping.label, outcome.value).inc(number)
    for reason, number in _reasons(batch).items():
        metrics.CHANNEL_SKIPPED.labels(channel.naam, reason).inc(number)
    for kind, number in _refusals(batch).items():
        metrics.DEAD_LETTERS.labels(kind=kind).inc(number)
    if log.is_enabled_for(logging.DEBUG):
        for mapped in batch:
            log.debug("message.mapped", **_place(mapped.record), outcomes=[kind.value for kind in mapped.kinds])
    tell_committed(
        batch,
        letters=outcomes[MappedAs.DEAD_LETTER],
        mapping=channel.mapping.label,
        events=outcomes[MappedAs.EVENT],
        skipped=outcomes[MappedAs.SKIPPED],
        refused=outcomes[MappedAs.DEAD_LETTER],
    )


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


def tell_spans(spans: Spans, batch: Sequence[MappedMessage], *, started_ns: int) -> None:
    """Record what was mapped, as children of the platform's spans."""
    for mapped in batch:
        record = mapped.record
        attributes: Attributes = {
            **record.attributes,
            "klantcontact.mapping": mapped.channel.mapping.label,
            "klantcontact.outcomes": [kind.value for kind in mapped.kinds],
        }
        spans.record(MAP, traceparent_in(record.headers), attributes, started_ns=started_ns)


def _place(record: Record) -> dict[str, str | int]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
