"""Kafka as operators use it: what it answers is told in words, with what to ask for when it refuses.

What everything shares that sends to Kafka for an operator: a producer that starts, and stops whatever Kafka does.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, OffsetOutOfRangeError

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.kafka.clients import idempotent_producer, kafka_is_away, unreached
from services.runtime.kafka.connection import REFUSED_USER
from services.runtime.observe.health import Part
from services.runtime.settings import Settings

NO_ANSWER: Final = (KafkaConnectionError, KafkaTimeoutError, TimeoutError)


@contextmanager
def kafka_told(settings: Settings, *, right: str) -> Iterator[None]:
    """Say in words for an operator what Kafka answers. `right` is what this user must be allowed to do.

    Raises InvalidSettings when it is not or Kafka refuses for good, TransientFailure when Kafka can't do it now.
    """
    kafka = f"Kafka at {settings.kafka_bootstrap}"
    try:
        yield
    except REFUSED_USER as error:
        raise InvalidSettings(
            f"{kafka} does not let this user {right} ({type(error).__name__}). Ask for that right: docs/security.md "
            "lists those of each command."
        ) from error
    except OffsetOutOfRangeError as error:
        raise TransientFailure(
            "Kafka removed records while they were read: their time had come. Start again with a later beginning.",
            part=Part.KAFKA,
        ) from error
    except NO_ANSWER as error:
        raise kafka_is_away(settings) from error
    except KafkaError as error:
        name = type(error).__name__
        if error.retriable:
            raise TransientFailure(f"{kafka} can't do it now ({name}).", part=Part.KAFKA) from error
        raise InvalidSettings(f"{kafka} refuses ({name}).") from error


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
