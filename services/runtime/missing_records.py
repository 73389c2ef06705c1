"""Records that were gone from Kafka before their turn came: the one loss that waiting does not make up for.

Retention takes them where nobody has read for too long; a topic that was made anew under its name has lost them too.
aiokafka then goes on where the partition begins, and says so only in its log, at a level below ours. That line is
listened to, so that nothing is skipped silently.
"""

import logging
from typing import Final

import structlog
from aiokafka import TopicPartition

from services.runtime import metrics

log = structlog.get_logger()

FETCHER: Final = logging.getLogger("aiokafka.consumer.fetcher")

RESET: Final = "Fetch offset %s is out of range for partition %s,"
"""How that line begins (aiokafka 0.14). The fetcher has no other between a warning and debugging."""


def tell_missing(partition: TopicPartition, *, next_offset: int, first_offset: int | None = None) -> None:
    """Log and count that what came next is gone. Without `first_offset`: where it goes on is not known yet."""
    metrics.RECORDS_MISSING.inc()
    log.error(
        "records.missing",
        topic=partition.topic,
        partition=partition.partition,
        next_offset=next_offset,
        first_offset=first_offset,
    )


class _Resets(logging.Filter):
    """Takes the line out of the fetcher's log; of all others what stood there before passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        match record.args:
            case (int() as next_offset, TopicPartition() as partition) if record.msg.startswith(RESET):
                tell_missing(partition, next_offset=next_offset)
                return False
        return record.levelno >= logging.WARNING


_RESETS: Final = _Resets()


def listen_for_resets() -> None:
    """Tell of every partition whose next record is gone, from now on. Doing it twice changes nothing."""
    FETCHER.setLevel(logging.INFO)
    FETCHER.addFilter(_RESETS)
