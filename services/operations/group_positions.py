"""How far a consumer group has come, seen from outside it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from services.operations.broker import kafka_told
from services.operations.topic_reader import Stretch, TopicReader
from services.runtime.kafka.clients import kafka_is_away
from services.runtime.settings import Settings
from services.runtime.waiting import pauses_within

COORDINATOR_SECONDS: Final = 10.0
"""Patience with a broker that has just started: it finds out who coordinates a group when it is asked."""

NOT_YET: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)


async def next_offsets(admin: AIOKafkaAdminClient, settings: Settings, group: str) -> dict[TopicPartition, int]:
    """Give for each partition the offset from which a group goes on; one that it never committed is left out.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when it does not let this user ask.
    """
    with kafka_told(settings, right=f"see the group {group}"):
        for pause_seconds in pauses_within(COORDINATOR_SECONDS):
            try:
                committed = await admin.list_consumer_group_offsets(group)
            except NOT_YET:
                await asyncio.sleep(pause_seconds)
            else:
                return {place: each.offset for place, each in committed.items() if each.offset >= 0}
    raise kafka_is_away(settings)


def still_to_read(whole: Sequence[Stretch], positions: dict[TopicPartition, int]) -> list[Stretch]:
    """Give what a group at these positions has not had yet."""
    return [
        replace(each, begin=max(each.begin, positions.get(TopicPartition(each.topic, each.partition), 0)))
        for each in whole
    ]


async def count_to_read(reader: TopicReader, stretches: Sequence[Stretch]) -> int:
    """Count the records that are still to be read, at most: markers of transactions count until the first record."""
    async for _ in reader.records(stretches):
        return sum(each.length for each in stretches)
    return 0
