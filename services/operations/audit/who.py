"""Who acts, as the connections show it: the user of the operating system alone could be anybody's."""

from pathlib import Path
from typing import Final

from cryptography import x509

from services.operations.audit.chain import Who
from services.operations.lock import operator_name
from services.operations.mongo import Database
from services.runtime.settings import Settings

NAMELESS: Final = "User:ANONYMOUS"
"""Kafka's own name for who does not log in."""


async def who_acts(settings: Settings, database: Database) -> Who:
    """Return who this process is to Kafka, to MongoDB and to the operating system. Raises PyMongoError."""
    status = await database.command("connectionStatus")
    users = status["authInfo"]["authenticatedUsers"]
    mongodb = ", ".join(f"{each['user']}@{each['db']}" for each in users) or None
    return Who(kafka=kafka_principal(settings), mongodb=mongodb, system=operator_name())


def kafka_principal(settings: Settings) -> str:
    """Return the principal of our connections to Kafka: the user of the login, or the name in the certificate.

    Kafka has no question for it. A broker with rules of its own (`ssl.principal.mapping.rules`) may call it otherwise.
    """
    if settings.kafka_username is not None:
        return f"User:{settings.kafka_username}"
    if settings.kafka_security_protocol == "SSL" and settings.kafka_certificate_file is not None:
        return f"User:{_subject(settings.kafka_certificate_file)}"
    return NAMELESS


def _subject(certificate: Path) -> str:
    """Return the subject of a certificate, as Kafka writes it."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).subject.rfc4514_string()
