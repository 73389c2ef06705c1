"""Sending to Kafka for an operator: a producer that starts, and stops whatever Kafka does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from services.runtime.kafka.clients import idempotent_producer
from services.runtime.kafka.errors import translate_write_errors, unreached
from services.runtime.settings import Settings

STALL_SECONDS: Final = 30.0
"""How long a record may wait for the broker: the client itself would retry for ever. A broker that restarts is back in
half of that."""

STOP_SECONDS: Final = 5.0
"""Patience with a producer that stops: everything has been sent by then."""

TOO_LARGE: Final = "larger than the topic takes"


@asynccontextmanager
async def started_producer(settings: Settings, *topics: str) -> AsyncIterator[AIOKafkaProducer]:
    """Provide an idempotent producer to these topics for the block. Raises as `translate_kafka_errors` does."""
    producer = idempotent_producer(settings)
    try:
        with translate_write_errors(settings, *topics):
            try:
                await producer.start()
            except KafkaConnectionError as error:
                raise await unreached(settings) from error
        yield producer
    finally:
        # While Kafka is away a producer never stops by itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.stop()
