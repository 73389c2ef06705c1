"""Kafka's options for TLS and login, made from the settings; files that don't fit are refused."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.errors import InvalidSettings
from services.runtime.kafka import group_broker
from services.runtime.kafka.connection import connection
from services.runtime.settings import Settings

LOGIN = {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_username": "klantcontact"}


def test_without_security_kafka_is_reached_in_plain_text() -> None:
    assert connection(Settings(kafka_bootstrap="a:1,b:2")) == {
        "bootstrap_servers": ["a:1", "b:2"],
        "client_id": "klantcontact",
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_is_given_with_its_mechanism(mechanism: str) -> None:
    settings = Settings.model_validate(LOGIN | {"kafka_sasl_mechanism": mechanism, "kafka_password": "wachtwoord"})

    assert connection(settings) == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "client_id": "klantcontact",
        "security_protocol": "SASL_PLAINTEXT",
        "ssl_context": None,
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "klantcontact",
        "sasl_plain_password": "wachtwoord",
    }


def test_a_password_in_a_file_is_read_without_the_end_of_its_line(tmp_path: Path) -> None:
    file = tmp_path / "wachtwoord"
    file.write_text("wachtwoord met spatie\n")

    given = connection(Settings.model_validate(LOGIN | {"kafka_password_file": file}))

    assert given["sasl_plain_password"] == "wachtwoord met spatie"  # noqa: S105 - of nobody


def test_a_file_without_a_password_is_named(tmp_path: Path) -> None:
    settings = Settings.model_validate(LOGIN | {"kafka_password_file": tmp_path / "wachtwoord"})

    with pytest.raises(InvalidSettings) as refused:
        group_broker.group_broker(settings)

    assert str(refused.value) == (
        f"KLANTCONTACT_KAFKA_PASSWORD_FILE: {tmp_path}/wachtwoord can't be read (No such file or directory). "
        "Put the password of KLANTCONTACT_KAFKA_USERNAME in it."
    )


def test_a_password_that_is_not_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "wachtwoord"
    file.write_bytes(b"geheim\xff")

    with pytest.raises(InvalidSettings) as refused:
        connection(Settings.model_validate(LOGIN | {"kafka_password_file": file}))

    assert str(refused.value) == (
        f"KLANTCONTACT_KAFKA_PASSWORD_FILE: {file} is no UTF-8. Put the password of KLANTCONTACT_KAFKA_USERNAME in it."
    )
    assert refused.value.__cause__ is None


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    empty, absent = tmp_path / "empty.pem", tmp_path / "absent.pem"
    empty.touch()

    refusals = []
    for authority in (empty, absent):
        with pytest.raises(InvalidSettings) as refused:
            connection(Settings(kafka_security_protocol="SSL", kafka_ca_file=authority))
        refusals.append(str(refused.value))

    assert refusals == [
        f"KLANTCONTACT_KAFKA_CA_FILE: {empty} does not hold what it should, in PEM and without a password.",
        f"KLANTCONTACT_KAFKA_CA_FILE: {absent} can't be read (No such file or directory).",
    ]


def test_brokers_are_held_to_the_name_in_their_certificate() -> None:
    context = connection(Settings(kafka_security_protocol="SSL"))["ssl_context"]

    assert (context.check_hostname, context.verify_mode.name) == (True, "CERT_REQUIRED")


def test_clients_of_kafka_are_made_in_three_files_only() -> None:
    """A client made elsewhere could lack TLS and login. The local stack has its own servers, in plain text."""
    makers = ("AIOKafkaConsumer(", "AIOKafkaProducer(", "AIOKafkaAdminClient(", "AIOKafkaClient(", "KafkaBroker(")
    made = {
        str(file)
        for file in Path("services").rglob("*.py")
        if "local" not in file.parts
        and any(maker in file.read_text(encoding="utf-8") for maker in (*makers, "create_conn("))
    }

    assert made == {f"services/runtime/kafka/{name}.py" for name in ("clients", "connection", "group_broker")}


def test_the_password_does_not_show() -> None:
    settings = Settings.model_validate(LOGIN | {"kafka_password": SecretStr("geheim")})

    assert "geheim" not in f"{settings!r} {group_broker.group_broker(settings)!r}"
