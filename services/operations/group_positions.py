"""How far a consumer group has come, seen from outside it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from services.operations.topic_reader import Stretch, TopicReader
from services.runtime.backoff import pauses_within
from services.runtime.errors import InvalidSettings
from services.runtime.kafka import admin_client, kafka_is_away
from services.runtime.settings import Settings

COORDINATOR_SECONDS: Final = 10.0
"""Patience with a broker that has just started: it finds out who coordinates a group when it is asked."""

NOT_YET: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)


async def next_offsets(settings: Settings, group: str) -> dict[TopicPartition, int]:
    """Give for each partition the offset from which a group goes on; one that it never committed is left out.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when it does not let this user ask.
    """
    try:
        async with admin_client(settings) as admin:
            for pause_seconds in pauses_within(COORDINATOR_SECONDS):
                try:
                    committed = await admin.list_consumer_group_offsets(group)
                except NOT_YET:
                    await asyncio.sleep(pause_seconds)
                else:
                    return {place: each.offset for place, each in committed.items() if each.offset >= 0}
    except GroupAuthorizationFailedError as error:
        raise InvalidSettings(
            f"Kafka at {settings.kafka_bootstrap} does not let this user see the group {group}. Ask for the right to "
            "describe it."
        ) from error
    except (KafkaError, TimeoutError) as error:
        raise kafka_is_away(settings) from error
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
