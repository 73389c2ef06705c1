"""Kafka as operators use it: what it answers is told in words, with what to ask for when it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, OffsetOutOfRangeError

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.kafka.clients import kafka_is_away
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
            f"{kafka} does not let this user {right} ({type(error).__name__}). Ask for that right: the README lists "
            "those of each command."
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
