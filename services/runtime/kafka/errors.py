"""What an error of Kafka means, in words: for a service that waits or ends, and for an operator at a terminal.

The rights are Kafka's ACLs. `docs/kafka-rights.md` lists which of them each service and command needs.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    OffsetOutOfRangeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.kafka.connection import brokers, connected
from services.runtime.observe.health import Part
from services.runtime.settings import PREFIX, Settings

KNOCK_MS: Final = 3_000
"""Patience with a broker that is asked why it refused a client: it has just shown whether it answers."""

FITS_PORT: Final = f"Does {PREFIX}KAFKA_SECURITY_PROTOCOL fit that port?"

KINDS: Final[dict[type[BaseException], str]] = {
    TopicAuthorizationFailedError: "a topic",
    GroupAuthorizationFailedError: "a group",
    TransactionalIdAuthorizationFailed: "a transactional id",
    ClusterAuthorizationFailedError: "the cluster",
}

REFUSED_USER: Final = tuple(KINDS)

NO_ANSWER: Final = (KafkaConnectionError, KafkaTimeoutError, TimeoutError)


def kafka_is_away(settings: Settings) -> TransientFailure:
    """Return the error for a Kafka that does not answer."""
    return TransientFailure(f"Kafka at {settings.kafka_bootstrap} does not answer.", part=Part.KAFKA)


# For a service -------------------------------------------------------------------------------------------------------


def missing_right(error: BaseException) -> InvalidSettings | None:
    """Return the error for a right that is missing, which says on what; None for an error of another kind."""
    kind = KINDS.get(type(error))
    if kind is None:
        return None
    return InvalidSettings(
        f"Kafka does not give this user a right that it needs on {kind}{_names(error)}. docs/kafka-rights.md lists the "
        "rights of each service and command."
    )


def _names(error: BaseException) -> str:
    """Return the names that aiokafka puts into some of these errors; others hold a sentence, or nothing."""
    given = error.args[0] if error.args else ()
    names = [given] if isinstance(given, str) else list(given)
    return f": {', '.join(sorted(names))}" if names and all(re.fullmatch(r"[\w.-]+", name) for name in names) else ""


# For an operator -----------------------------------------------------------------------------------------------------


@contextmanager
def translate_kafka_errors(settings: Settings, *, right: str) -> Iterator[None]:
    """Translate what Kafka answers within the block. `right` names what this user must be allowed to do.

    Raises InvalidSettings when Kafka refuses, TransientFailure when it can't do it now or does not answer.
    """
    kafka = f"Kafka at {settings.kafka_bootstrap}"
    try:
        yield
    except REFUSED_USER as error:
        raise InvalidSettings(
            f"{kafka} does not let this user {right} ({type(error).__name__}). Ask for that right: "
            "docs/kafka-rights.md lists those of each command."
        ) from error
    except OffsetOutOfRangeError as error:
        raise TransientFailure(
            "Kafka removed records while they were read: their retention had ended. Start again with a later "
            "beginning.",
            part=Part.KAFKA,
        ) from error
    except NO_ANSWER as error:
        raise kafka_is_away(settings) from error
    except KafkaError as error:
        name = type(error).__name__
        if error.retriable:
            raise TransientFailure(f"{kafka} can't do it now ({name}). Try again.", part=Part.KAFKA) from error
        raise InvalidSettings(f"{kafka} refuses ({name}).") from error


def translate_write_errors(settings: Settings, *topics: str) -> AbstractContextManager[None]:
    """Translate why Kafka does not take what is sent to these topics, which publishers write to."""
    return translate_kafka_errors(settings, right=f"write to {', '.join(topics)}")


# For both: a client that could not start -----------------------------------------------------------------------------


async def unreached(settings: Settings) -> KlantcontactError:
    """Return why no client could start: what the first broker that answers refuses, or that none answers.

    aiokafka's clients only log it, so each broker is asked again.
    """
    for broker in brokers(settings):
        try:
            open_connection = await connected(settings, broker, timeout_ms=KNOCK_MS)
            try:
                await open_connection.send(MetadataRequest([]))
            finally:
                open_connection.close()
        except (OSError, TimeoutError, KafkaError) as error:
            if refusal := _refusal(error, broker):
                return refusal
    return kafka_is_away(settings)


def _refusal(error: Exception, broker: str) -> KlantcontactError | None:
    match error:
        case SaslAuthenticationFailed():
            return InvalidSettings(
                f"Kafka at {broker} refuses the login. Correct {PREFIX}KAFKA_USERNAME or its password."
            )
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return InvalidSettings(
                f"Kafka at {broker} has no such login. Correct {PREFIX}KAFKA_SASL_MECHANISM. {FITS_PORT}"
            )
        case ssl.SSLCertVerificationError():
            why = error.verify_message.rstrip(".")
            return InvalidSettings(
                f"The certificate of Kafka at {broker} is not trusted: {why}. Put the CA that signed it in "
                f"{PREFIX}KAFKA_CA_FILE, and a name that it holds in {PREFIX}KAFKA_BOOTSTRAP."
            )
        case ssl.SSLError():
            return InvalidSettings(f"Kafka at {broker} does not speak TLS as we do ({error.strerror}). {FITS_PORT}")
        case KafkaConnectionError() | ConnectionResetError():
            # A broker that is stopping does so too, and comes back: there is reason to wait.
            return TransientFailure(
                f"Kafka at {broker} hangs up at the first word. {FITS_PORT} Over TLS: does it ask for a client's "
                f"certificate, and trust ours ({PREFIX}KAFKA_CERTIFICATE_FILE)?",
                part=Part.KAFKA,
            )
        case _:
            return None
