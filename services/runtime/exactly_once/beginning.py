"""Where a partition goes on once it is taken over."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.runtime.kafka.errors import missing_right
from services.runtime.kafka.patches import tell_missing
from services.runtime.observe.failures import type_name
from services.runtime.waiting import pauses

log = structlog.get_logger()

BOUNDS_SECONDS: Final = 3.0
"""How long we wait for the answer where a partition begins and ends, which takes a millisecond. aiokafka would wait
forty seconds for a partition without a leader. Readiness has to report it within ten, with the start of the writer."""


async def first_offset(
    consumer: Callable[[], AIOKafkaConsumer],
    place: TopicPartition,
    committed: int | None,
    report: Callable[[str | None], None],
) -> int:
    """Return the committed offset, or the first of the partition when it no longer holds that one.

    Waits while Kafka does not answer; `report` hears why, and None once it does.
    """
    first, end = await _bounds(consumer, place, report)
    if committed is None:
        return first
    if first <= committed <= end:
        return committed
    tell_missing(place, next_offset=committed, first_offset=first)
    return first


async def _bounds(
    consumer: Callable[[], AIOKafkaConsumer], place: TopicPartition, report: Callable[[str | None], None]
) -> tuple[int, int]:
    for pause_seconds in pauses():
        try:
            async with asyncio.timeout(BOUNDS_SECONDS):
                first = await consumer().beginning_offsets([place])
                end = await consumer().end_offsets([place])
        except (KafkaError, TimeoutError) as error:
            silent = f"Kafka does not say where {name_of(place)} begins and ends ({type_name(error)})"
            report(str(missing_right(error) or silent))
            log.warning("offsets.unknown", **place._asdict(), exc_info=error)
        else:
            report(None)
            return first[place], end[place]
        await asyncio.sleep(pause_seconds)
    raise AssertionError("pauses have no end")


def name_of(place: TopicPartition) -> str:
    """Return how a partition is called in a sentence."""
    return f"partition {place.partition} of {place.topic}"
