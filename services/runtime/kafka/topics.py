"""The topics of the system: one definition each, applied by `klantcontact topics create`.

The cluster, which knows its brokers, decides how many replicas must have a record before it counts
(min.insync.replicas).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from services.runtime.kafka import in_process
from services.runtime.settings import Settings

MAX_BATCH_BYTES = 1024 * 1024
"""The largest batch of records that a topic takes (Kafka's own default). The 64 KiB of one contact would not do:
publishers send several at once. A contact that is too large for us becomes a dead letter, not a refusal that nobody
sees."""

MAX_DEAD_LETTER_BYTES = 2 * MAX_BATCH_BYTES
"""More than any dead letter, of which each part has 64 KiB at most. Topics of earlier releases have this limit too."""

MAX_REPLICAS = 3
"""A cluster of three or more brokers keeps three copies: it loses one broker and still writes safely."""

HOUR_MILLISECONDS = 60 * 60 * 1000

DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS

SEGMENT_MILLISECONDS = DAY_MILLISECONDS
"""Kafka removes whole segments, and closes them after a week by default. So a retention of 7 days could keep a quiet
partition's contacts for 14. Segments that close daily make it true to a day."""

UNBOUNDED: Final = -1
"""Kafka's own value for a topic that no number of bytes shortens."""

MARKER_KEY: Final = b"klantcontact.marker"
"""The key of a record without a value that closes the open segment of an output partition. It says nothing, so every
reader passes over it. Of all markers in a partition the cleaner leaves the last one."""

TIMESTAMP_TYPE: Final = "message.timestamp.type"
"""Kafka's name for whose clock dates the records of a topic."""

BROKERS_CLOCK: Final = "LogAppendTime"

CHANNEL_PARTITIONS: Final = 3
"""Of a raw topic. One platform sends less than the whole municipality, and each partition costs the mapper a writer and
a connection. Three instances share a channel."""

CONSENT_PARTITIONS: Final = 1
"""Changes of consent are few, and each partition costs the classifier a writer and a connection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicDefinition:
    """One topic as it should be."""

    name: str
    partitions: int
    configuration: dict[str, str] = field(hash=False)
    """Kafka's own names and values."""


def topic_definitions(settings: Settings) -> tuple[TopicDefinition, ...]:
    """Return every topic of these settings, input first."""
    return (
        *(_input(settings, name) for name in settings.contact_topics),
        *(replace(_input(settings, name), partitions=CONSENT_PARTITIONS) for name in settings.consent_topics),
        _dead_letters(settings, settings.dead_letter_topic),
        *(_output(settings, name) for name in settings.output_topics),
        _erased(settings),
        *(_of_channel(settings, _input(settings, name)) for name in settings.raw_topics),
        *(_of_channel(settings, _dead_letters(settings, name)) for name in settings.raw_dead_letter_topics),
        *(_dead_letters(settings, name) for name in settings.openklant_topics),
        _audit(settings),
    )


def _input(settings: Settings, name: str) -> TopicDefinition:
    return _definition(
        settings, name, days=settings.contact_retention_days, retention_bytes=settings.contact_retention_bytes
    )


def _dead_letters(settings: Settings, name: str) -> TopicDefinition:
    return _definition(
        settings,
        name,
        days=settings.dead_letter_retention_days,
        retention_bytes=settings.dead_letter_retention_bytes,
        max_bytes=MAX_DEAD_LETTER_BYTES,
    )


def _of_channel(settings: Settings, plain: TopicDefinition) -> TopicDefinition:
    return replace(plain, partitions=min(settings.topic_partitions, CHANNEL_PARTITIONS))


def _output(settings: Settings, name: str) -> TopicDefinition:
    """Return a topic in which the newest event of a key replaces the others, within the hours of the settings."""
    plain = _definition(
        settings, name, days=settings.output_retention_days, retention_bytes=settings.output_retention_bytes
    )
    longest, open_hours = settings.output_compaction_hours, settings.output_segment_hours
    return replace(
        plain,
        configuration={
            **plain.configuration,
            "cleanup.policy": "compact,delete",
            "segment.ms": str(open_hours * HOUR_MILLISECONDS),
            # The cleaner joins segments up to this size, and Kafka's retention takes a segment only as a whole, when
            # its newest record is too old. With the 1 GiB that is usual a quiet partition would never lose anything.
            "segment.bytes": str(settings.output_segment_bytes),
            # Without it the ratio of Kafka's cleaner decides: what a withdrawal replaces could stay for months.
            "max.compaction.lag.ms": str(longest * HOUR_MILLISECONDS),
            # A segment is closed this long after its first record and cleaned `longest` after it. So every event
            # stays for the difference, whatever replaces it: a subscriber within it misses no step.
            "min.compaction.lag.ms": str((longest - open_hours) * HOUR_MILLISECONDS),
            # Of the ends of transactions. A committed reader that starts at the beginning needs them all.
            "delete.retention.ms": plain.configuration["retention.ms"],
        },
    )


def _erased(settings: Settings) -> TopicDefinition:
    """Return the topic of what was erased. It is kept for good: a backup may be restored years later."""
    plain = _definition(settings, settings.erased_topic, days=1, retention_bytes=UNBOUNDED)
    return replace(plain, configuration={**plain.configuration, "cleanup.policy": "compact", "retention.ms": "-1"})


def _audit(settings: Settings) -> TopicDefinition:
    """Return the topic of the audit trail: one partition, since a chain has one order, and no bound but its age."""
    plain = _definition(settings, settings.audit_topic, days=settings.audit_retention_days, retention_bytes=UNBOUNDED)
    return replace(plain, partitions=1)


def _definition(
    settings: Settings, name: str, *, days: int, retention_bytes: int, max_bytes: int = MAX_BATCH_BYTES
) -> TopicDefinition:
    return TopicDefinition(
        name=name,
        partitions=settings.topic_partitions,
        configuration={
            "cleanup.policy": "delete",
            "retention.ms": str(days * DAY_MILLISECONDS),
            # Of each partition. Without it a publisher that sends day and night fills the disks of Kafka.
            "retention.bytes": str(retention_bytes),
            "segment.ms": str(SEGMENT_MILLISECONDS),
            "max.message.bytes": str(max_bytes),
            # The broker's clock. A publisher with a wrong clock can neither keep its contacts longer, nor lose them
            # before they are judged, nor date them in the future. It also says since when a transaction is open.
            TIMESTAMP_TYPE: BROKERS_CLOCK,
        },
    )


async def topic_configurations(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the configuration of existing topics, with what the broker adds to it, in Kafka's own names and values.

    It is empty on a broker without administration. Raises a KafkaError.
    """
    configurations: dict[str, dict[str, str]] = {name: {} for name in names}
    if not names or not in_process.has_administration():
        return configurations
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    for response in responses:
        for code, message, _kind, name, entries in response.resources:
            if code:
                raise for_code(code)(message)
            configurations[name] = {entry[0]: entry[1] for entry in entries}
    return configurations
