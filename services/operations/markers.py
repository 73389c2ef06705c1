"""Markers: records without contents that close the open segment of a quiet partition.

Kafka's cleaner never cleans the segment that is open, and only a new record closes it. On a partition where nobody
publishes, what a withdrawal or an erasure replaced would stay until somebody calls. How long it takes with markers:
`docs/privacy/topics-that-forget.md`.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka import TopicPartition

from services.operations.kafka import STALL_SECONDS, started_producer
from services.operations.topic_reader import topic_reader
from services.runtime.kafka.errors import kafka_is_away, translate_write_errors
from services.runtime.kafka.topics import MARKER_KEY
from services.runtime.settings import Settings

MARKED_EVERY: Final = timedelta(days=1)
"""How often an operator has markers appended, by `klantcontact topics mark` or `retain`."""


async def append_due_markers(settings: Settings, now: datetime | None = None) -> list[TopicPartition]:
    """Append a marker to each output partition to which nobody wrote for as long as a segment stays open.

    Return those partitions. A second call changes nothing until they are due again. Raises TransientFailure when Kafka
    does not answer, InvalidSettings when it refuses.
    """
    since = (now or datetime.now(UTC)) - timedelta(hours=settings.output_segment_hours)
    async with topic_reader(settings) as reader:
        whole = await reader.whole(*settings.output_topics)
        younger = await reader.between(whole, since=since, until=None)
    due = [each.place for each, young in zip(whole, younger, strict=True) if each.length and not young.length]
    await append_markers(settings, due)
    return due


async def append_markers(settings: Settings, partitions: list[TopicPartition]) -> None:
    """Append a marker to each of these partitions, and return once Kafka has them. Raises as `append_due_markers`."""
    if not partitions:
        return
    topics = dict.fromkeys(each.topic for each in partitions)
    async with started_producer(settings, *topics) as producer:
        with translate_write_errors(settings, *topics):
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    sent = [
                        await producer.send(each.topic, None, key=MARKER_KEY, partition=each.partition)
                        for each in partitions
                    ]
                    await asyncio.gather(*sent)
            except TimeoutError as error:
                raise kafka_is_away(settings) from error
