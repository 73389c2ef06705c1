"""What everything shares that sends to Kafka for an operator: a producer that starts, and stops whatever Kafka does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from services.operations.broker import kafka_told
from services.runtime.kafka.clients import idempotent_producer, unreached
from services.runtime.settings import Settings

STALL_SECONDS: Final = 30.0
"""How long a record may wait for the broker: the client itself would try for ever. A broker that restarts is back in
half of that."""

STOP_SECONDS: Final = 5.0
"""How long to wait for a producer to stop when all is said."""

TOO_LARGE: Final = "larger than the topic takes"


def write_told(settings: Settings) -> AbstractContextManager[None]:
    """Say in words for an operator why Kafka does not take what is sent to `contact.ended`. Raises as `kafka_told`."""
    return kafka_told(settings, right=f"write to {settings.contact_topic}")


@asynccontextmanager
async def started_producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that doubles nothing for the block. Raises as `write_told` does."""
    producer = idempotent_producer(settings)
    try:
        with write_told(settings):
            try:
                await producer.start()
            except KafkaConnectionError as error:
                raise await unreached(settings) from error
        yield producer
    finally:
        # A producer that waits for Kafka does not stop of itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.stop()
