"""What everything shares that sends to Kafka for an operator: a producer that starts, and stops whatever Kafka does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.health import Part
from services.runtime.kafka import idempotent_producer, unreached
from services.runtime.settings import Settings

STALL_SECONDS: Final = 30.0
"""How long a record may wait for the broker: the client itself would try for ever. A broker that restarts is back in
half of that."""

STOP_SECONDS: Final = 5.0
"""How long to wait for a producer to stop when all is said."""


def not_sent(settings: Settings, error: Exception) -> TransientFailure | InvalidSettings:
    """Say in words for an operator why Kafka does not take what is sent to `contact.ended`."""
    kafka = f"Kafka at {settings.kafka_bootstrap}"
    # Whoever may write to no topic at all is refused as a producer, by the cluster.
    if isinstance(error, TopicAuthorizationFailedError | ClusterAuthorizationFailedError):
        return InvalidSettings(f"{kafka} does not let this user write to {settings.contact_topic}. Ask for that right.")
    return TransientFailure(f"{kafka} stopped answering ({type(error).__name__}).", part=Part.KAFKA)


@asynccontextmanager
async def started_producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that doubles nothing for the block.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when this user may write nowhere.
    """
    producer = idempotent_producer(settings)
    try:
        await producer.start()
    except KafkaError as error:
        await producer.stop()
        if isinstance(error, KafkaConnectionError):
            raise await unreached(settings) from error
        raise not_sent(settings, error) from error
    try:
        yield producer
    finally:
        # A producer that waits for Kafka does not stop of itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.stop()
