"""The topics of the system: one definition each, applied by `klantcontact topics create`.

How many replicas must have a record before it counts (min.insync.replicas) is left to the cluster, which
knows its brokers.
"""

from dataclasses import dataclass, field

from services.runtime.settings import Settings

MAX_BATCH_BYTES = 1024 * 1024
"""The largest batch of records that a topic takes (Kafka's own default). It can't be the 64 KiB of one
contact: publishers send several at once. What is too large for us is a dead letter, not a refusal that nobody
sees."""

MAX_DEAD_LETTER_BYTES = 2 * MAX_BATCH_BYTES
"""A dead letter holds its original untouched, whatever `contact.ended` took, and our headers."""

MAX_REPLICAS = 3
"""A cluster of three or more brokers keeps three copies: it loses one broker and still writes safely."""

DAY_MILLISECONDS = 24 * 60 * 60 * 1000

SEGMENT_MILLISECONDS = DAY_MILLISECONDS
"""Kafka removes whole files, and only once they are closed, after a week by default: a retention of 7 days
could keep a quiet partition's contacts for 14. Closed daily, it is true to a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicDefinition:
    """One topic as it has to be."""

    name: str
    partitions: int
    configuration: dict[str, str] = field(hash=False)
    """Kafka's own names and values."""


def topic_definitions(settings: Settings) -> tuple[TopicDefinition, ...]:
    """Give every topic of these settings, input first."""
    outputs = (settings.registered_topic, settings.confidential_topic, settings.taak_topic)
    return (
        _definition(settings, settings.contact_topic, days=settings.contact_retention_days),
        _definition(
            settings,
            settings.dead_letter_topic,
            days=settings.dead_letter_retention_days,
            max_bytes=MAX_DEAD_LETTER_BYTES,
        ),
        *(_definition(settings, name, days=settings.output_retention_days) for name in outputs),
    )


def _definition(settings: Settings, name: str, *, days: int, max_bytes: int = MAX_BATCH_BYTES) -> TopicDefinition:
    return TopicDefinition(
        name=name,
        partitions=settings.topic_partitions,
        configuration={
            "cleanup.policy": "delete",
            "retention.ms": str(days * DAY_MILLISECONDS),
            "segment.ms": str(SEGMENT_MILLISECONDS),
            "max.message.bytes": str(max_bytes),
            # The broker's clock: a publisher whose clock is wrong can neither keep its contacts longer, nor
            # lose them before they are judged, nor date them in the future.
            "message.timestamp.type": "LogAppendTime",
        },
    )
