"""How Kafka is reached: its brokers, TLS and the login, the same for every client."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, create_conn

from services.runtime.errors import InvalidSettings
from services.runtime.kafka.patches import close_cancelled_starts, end_when_closed
from services.runtime.secret import load_secret
from services.runtime.settings import PREFIX, Settings

CLIENT_ID: Final = "klantcontact"


def brokers(settings: Settings) -> list[str]:
    """Return the brokers to start from, one by one."""
    return settings.kafka_bootstrap.split(",")


def security_options(settings: Settings) -> dict[str, Any]:
    """Return TLS and login in aiokafka's form. Raises InvalidSettings when a file does not hold what it should."""
    encrypts = settings.kafka_security_protocol.endswith("SSL")
    files = (settings.kafka_ca_file, settings.kafka_certificate_file, settings.kafka_key_file)
    options = {
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": _tls(*files) if encrypts else None,
    }
    if settings.kafka_username is None:
        return options
    return options | {
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": _password(settings),
    }


def connection(settings: Settings) -> dict[str, Any]:
    """Return the options with which each of aiokafka's clients reaches Kafka. Raises as `security_options` does."""
    close_cancelled_starts()
    return {
        "bootstrap_servers": brokers(settings),
        "client_id": CLIENT_ID,
        **security_options(settings),
    }


async def connected(settings: Settings, broker: str, *, timeout_ms: int) -> AIOKafkaConnection:
    """Return an open connection to one broker, with the login done; the caller closes it.

    Raises OSError, TimeoutError, KafkaError, and InvalidSettings as `security_options` does.
    """
    host, port = broker.rsplit(":", 1)
    options = security_options(settings)
    return await create_conn(host, int(port), client_id=CLIENT_ID, request_timeout_ms=timeout_ms, **options)


def _password(settings: Settings) -> str:
    variable, advice = f"{PREFIX}KAFKA_PASSWORD_FILE", f"Put the password of {PREFIX}KAFKA_USERNAME in it."
    password = load_secret(settings.kafka_password, settings.kafka_password_file, file_variable=variable, advice=advice)
    assert password is not None, "the settings have one where they have a user"
    try:
        return password.decode()
    except UnicodeDecodeError:
        # Without its cause: that error holds the password.
        raise InvalidSettings(f"{variable}: {settings.kafka_password_file} is no UTF-8. {advice}") from None


@cache
def _tls(authority: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Return the TLS context of the settings; a broker must have the name that is in its certificate.

    Cached: reading the certificates that a system trusts takes 50 ms, and each partition has a client.
    """
    end_when_closed()
    with _readable(f"{PREFIX}KAFKA_CA_FILE: {authority}"):
        context = ssl.create_default_context(cafile=authority)
    if certificate is not None:
        with _readable(f"{PREFIX}KAFKA_CERTIFICATE_FILE and {PREFIX}KAFKA_KEY_FILE: {certificate} or {key}"):
            # Without a password OpenSSL would ask at the terminal for that of a locked key, and wait.
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
