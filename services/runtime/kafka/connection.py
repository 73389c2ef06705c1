"""How Kafka is reached: its brokers, TLS and the login, the same for every client; and what keeps us out of it.

The rights that Kafka does not give us (its ACLs), in words for the operator. `docs/security.md` lists them.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.kafka.patches import end_when_closed
from services.runtime.observe.health import Part
from services.runtime.secret import load_secret
from services.runtime.settings import PREFIX, Settings

CLIENT_ID: Final = "klantcontact"

KNOCK_MS: Final = 3_000
"""Patience with a broker that is asked why it did not let a client in: it has just shown whether it answers."""

MECHANISMS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

FITS_PORT: Final = f"Does {PREFIX}KAFKA_SECURITY_PROTOCOL fit that port?"


def brokers(settings: Settings) -> list[str]:
    """Give the brokers to start from, one by one."""
    return settings.kafka_bootstrap.split(",")


def security(settings: Settings) -> BaseSecurity:
    """Give FastStream's form of TLS and login. Raises InvalidSettings when a file does not hold what it should."""
    context = None
    if settings.kafka_security_protocol.endswith("SSL"):
        context = _tls(settings.kafka_ca_file, settings.kafka_certificate_file, settings.kafka_key_file)
    if settings.kafka_username is None:
        return BaseSecurity(ssl_context=context)
    login = MECHANISMS[settings.kafka_sasl_mechanism]
    return login(settings.kafka_username, _password(settings), ssl_context=context)


def connection(settings: Settings) -> dict[str, Any]:
    """Give what each of aiokafka's clients is told of how to reach Kafka. Raises as `security` does."""
    return {
        "bootstrap_servers": brokers(settings),
        "client_id": CLIENT_ID,
        **parse_security(security(settings)),
    }


async def connected(settings: Settings, broker: str, *, timeout_ms: int) -> AIOKafkaConnection:
    """Give one connection to a broker, let in and open; the caller closes it. Raises OSError, TimeoutError, KafkaError,
    and InvalidSettings as `security` does.
    """
    host, port = broker.rsplit(":", 1)
    reach = parse_security(security(settings))
    return await create_conn(host, int(port), client_id=CLIENT_ID, request_timeout_ms=timeout_ms, **reach)


async def refusal(settings: Settings) -> KlantcontactError | None:
    """Knock once more where a client could not start, and say what keeps it out; None when nobody answers.

    aiokafka's clients only log why they were not let in.
    """
    for broker in brokers(settings):
        try:
            open_connection = await connected(settings, broker, timeout_ms=KNOCK_MS)
            try:
                await open_connection.send(MetadataRequest([]))
            finally:
                open_connection.close()
        except (OSError, TimeoutError, KafkaError) as error:
            if told := _told(error, broker):
                return told
    return None


def _told(error: Exception, broker: str) -> KlantcontactError | None:
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
            # A broker that is just stopping does so too: there is reason to wait.
            return TransientFailure(
                f"Kafka at {broker} hangs up at the first word. {FITS_PORT} Over TLS: does it ask for a client's "
                f"certificate, and trust ours ({PREFIX}KAFKA_CERTIFICATE_FILE)?",
                part=Part.KAFKA,
            )
        case _:
            return None


def _password(settings: Settings) -> str:
    variable, advice = f"{PREFIX}KAFKA_PASSWORD_FILE", f"Put the password of {PREFIX}KAFKA_USERNAME in it."
    password = load_secret(settings.kafka_password, settings.kafka_password_file, file_variable=variable, advice=advice)
    assert password is not None, "the settings have one where they have a user"
    try:
        return password.decode()
    except UnicodeDecodeError:
        # From nothing: that error holds the password.
        raise InvalidSettings(f"{variable}: {settings.kafka_password_file} is no UTF-8. {advice}") from None


@cache
def _tls(authority: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Trust whom the settings say, and hold brokers to the name in their certificate.

    Kept, since reading all that a system trusts takes 50 ms, and there is a client for each partition.
    """
    end_when_closed()
    with _readable(f"{PREFIX}KAFKA_CA_FILE: {authority}"):
        context = ssl.create_default_context(cafile=authority)
    if certificate is not None:
        with _readable(f"{PREFIX}KAFKA_CERTIFICATE_FILE and {PREFIX}KAFKA_KEY_FILE: {certificate} or {key}"):
            # Without a password OpenSSL would ask for that of a locked key, and wait.
            context.load_cert_chain(certificate, key, password="")
    return context


@contextmanager
def _readable(files: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise InvalidSettings(f"{files} does not hold what it should, in PEM and without a password.") from error
    except OSError as error:
        raise InvalidSettings(f"{files} can't be read ({error.strerror}).") from error


KINDS: Final[dict[type[BaseException], str]] = {
    TopicAuthorizationFailedError: "a topic",
    GroupAuthorizationFailedError: "a group",
    TransactionalIdAuthorizationFailed: "a transactional id",
    ClusterAuthorizationFailedError: "the cluster",
}

REFUSED_USER: Final = tuple(KINDS)


def missing_right(error: BaseException) -> InvalidSettings | None:
    """Say that a right is missing, and on what; None for an error of another kind."""
    kind = KINDS.get(type(error))
    if kind is None:
        return None
    return InvalidSettings(
        f"Kafka does not give this user a right that it needs on {kind}{_names(error)}. docs/security.md lists the "
        "rights of each service and command."
    )


def _names(error: BaseException) -> str:
    """Give the names of ours that aiokafka puts into some of these errors; others hold a sentence, or nothing."""
    given = error.args[0] if error.args else ()
    names = [given] if isinstance(given, str) else list(given)
    return f": {', '.join(sorted(names))}" if names and all(re.fullmatch(r"[\w.-]+", name) for name in names) else ""
