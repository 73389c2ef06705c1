"""The topics of the system: one definition each, applied by `klantcontact topics create`.

The cluster, which knows its brokers, decides how many replicas must have a record before it counts
(min.insync.replicas).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
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

DAY_MILLISECONDS = 24 * 60 * 60 * 1000

SEGMENT_MILLISECONDS = DAY_MILLISECONDS
"""Kafka removes whole segments, and closes them after a week by default. So a retention of 7 days could keep a quiet
partition's contacts for 14. Segments that close daily make it true to a day."""

TIMESTAMP_TYPE: Final = "message.timestamp.type"
"""Kafka's name for whose clock dates the records of a topic."""

BROKERS_CLOCK: Final = "LogAppendTime"


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
        *(
            _definition(
                settings,
                name,
                days=settings.contact_retention_days,
                retention_bytes=settings.contact_retention_bytes,
            )
            for name in settings.input_topics
        ),
        _definition(
            settings,
            settings.dead_letter_topic,
            days=settings.dead_letter_retention_days,
            retention_bytes=settings.dead_letter_retention_bytes,
            max_bytes=MAX_DEAD_LETTER_BYTES,
        ),
        *(
            _definition(
                settings,
                name,
                days=settings.output_retention_days,
                retention_bytes=settings.output_retention_bytes,
            )
            for name in settings.output_topics
        ),
    )


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
