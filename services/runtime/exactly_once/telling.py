"""The logs and metrics that every service in the loop has for a batch."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record, tell_oversized
from services.runtime.observe import metrics

log = structlog.get_logger()


class HandledRecord(Protocol):
    """A record, and the messages that went out for it."""

    @property
    def record(self) -> Record:
        """The record."""

    @property
    def messages(self) -> Sequence[Message]:
        """The messages."""


def tell_committed(batch: Sequence[HandledRecord], *, letters: int, **counts: object) -> None:
    """Log and measure a batch of one partition that was published and committed.

    `letters`: how many records became dead letters. `counts`: those of the service.
    """
    _measure([handled.record for handled in batch])
    first, last = batch[0].record, batch[-1].record
    log.info(
        "batch.committed",
        topic=first.topic,
        partition=first.partition,
        first_offset=first.offset,
        last_offset=last.offset,
        records=len(batch),
        messages=sum(len(handled.messages) for handled in batch),
        **counts,
    )
    if letters:
        log.warning("dead_letters.published", topic=first.topic, partition=first.partition, number=letters)


def _measure(records: Sequence[Record]) -> None:
    now = datetime.now(UTC)
    metrics.observe_all(
        metrics.PUBLISHED_TO_DECIDED_SECONDS, [(now - record.written_at).total_seconds() for record in records]
    )
    metrics.BATCH_SIZE_RECORDS.observe(len(records))
    metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()
    for record in records:
        if record.oversized is not None:
            tell_oversized(record.topic, record.partition, record.oversized)


def tell_own_failure(event: str, record: Record, error: Exception) -> None:
    """Log a bug of ours: what kind of error, and where."""
    metrics.OWN_FAILURES.inc()
    log.error(event, topic=record.topic, partition=record.partition, offset=record.offset, exc_info=error)
