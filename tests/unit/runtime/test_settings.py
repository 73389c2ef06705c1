"""The settings of an operator, and how a mistake is reported."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.errors import InvalidSettings
from services.runtime.load_settings import load_settings
from services.runtime.settings import PREFIX, Settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_without_any_variable_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_variables_are_read_and_an_empty_one_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLANTCONTACT_BATCH_SIZE", "250")
    monkeypatch.setenv("KLANTCONTACT_SLEUTEL_FILE", "")

    assert load_settings() == Settings(batch_size=250)


REFUSALS = [
    pytest.param(
        {"KLANTCONTACT_KAFKA_BOOTSTRP": "kafka:9092"},
        "KLANTCONTACT_KAFKA_BOOTSTRP is not a setting. Did you mean KLANTCONTACT_KAFKA_BOOTSTRAP?",
        id="unknown variable that looks like one of ours",
    ),
    pytest.param(
        {"KLANTCONTACT_HEALT_PORT": "8081"},
        "KLANTCONTACT_HEALT_PORT is not a setting. Did you mean KLANTCONTACT_HEALTH_PORT?",
        id="unknown variable that looks like one of ours and like one of Kubernetes",
    ),
    pytest.param(
        {"KLANTCONTACT_COLOUR": "blue"},
        "KLANTCONTACT_COLOUR is not a setting. Remove it: docs/settings.md lists what can be set.",
        id="unknown variable",
    ),
    pytest.param(
        {"KLANTCONTACT_CLASSIFIER_SERVICE_HOST": "10.0.0.1"},
        "KLANTCONTACT_CLASSIFIER_SERVICE_HOST is not a setting. Kubernetes adds it for a Service: put "
        "`enableServiceLinks: false` in the pod.",
        id="variable that Kubernetes adds",
    ),
    pytest.param(
        {"KLANTCONTACT_MONGO_URI": "http://user:geheim@host"},
        "KLANTCONTACT_MONGO_URI: a MongoDB address looks like mongodb://host:27017/?replicaSet=rs0.",
        id="bad MongoDB address",
    ),
    pytest.param(
        {"KLANTCONTACT_MONGO_URI": "mongodb://host", "KLANTCONTACT_MONGO_URI_FILE": "/run/secrets/mongo"},
        "Give the address of MongoDB as KLANTCONTACT_MONGO_URI_FILE or as KLANTCONTACT_MONGO_URI, not both.",
        id="two addresses of MongoDB",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_BOOTSTRAP": "geheim"},
        "KLANTCONTACT_KAFKA_BOOTSTRAP: brokers are given as host:port, several with commas.",
        id="bad Kafka address",
    ),
    pytest.param(
        {"KLANTCONTACT_SOURCE": "geheim"},
        "KLANTCONTACT_SOURCE: a URI is needed, as in urn:nld:oin:<oin>:systeem:<naam>.",
        id="source that is no URI",
    ),
    pytest.param(
        {"KLANTCONTACT_FORMER_SOURCES": "urn:nld:oin:1:systeem:oud geheim"},
        "KLANTCONTACT_FORMER_SOURCES: sources are URIs, as in urn:nld:oin:<oin>:systeem:<naam>, several with commas.",
        id="former sources that are not parted by commas",
    ),
    pytest.param(
        {"KLANTCONTACT_CONTACT_TOPIC": "contact.ended"},
        "KLANTCONTACT_CONTACT_TOPIC is not a setting. Did you mean KLANTCONTACT_CONTACT_TOPICS?",
        id="one topic of publishers",
    ),
    pytest.param(
        {"KLANTCONTACT_CONTACT_TOPICS": "contact.ended,geheim topic"},
        "KLANTCONTACT_CONTACT_TOPICS: a name has letters, digits, '.', '_' and '-', at most 249.",
        id="invalid name of a topic",
    ),
    pytest.param(
        {"KLANTCONTACT_CONTACT_TOPICS": "contact.ended.a,"},
        "KLANTCONTACT_CONTACT_TOPICS: a name has letters, digits, '.', '_' and '-', at most 249.",
        id="a comma without a topic behind it",
    ),
    pytest.param(
        {"KLANTCONTACT_CONTACT_TOPICS": "contact.ended,contact.ended"},
        "Every topic needs a name of its own.",
        id="one topic for two publishers",
    ),
    pytest.param(
        {"KLANTCONTACT_MONGO_DATABASE": "ge/heim"},
        "KLANTCONTACT_MONGO_DATABASE: a database has letters, digits, '_' and '-', at most 63.",
        id="invalid name of a database",
    ),
    pytest.param(
        {"KLANTCONTACT_BATCH_SIZE": "5001"},
        "KLANTCONTACT_BATCH_SIZE: input should be less than or equal to 5000.",
        id="number out of bounds",
    ),
    pytest.param(
        {"KLANTCONTACT_SESSION_TIMEOUT_MS": "geheim"},
        "KLANTCONTACT_SESSION_TIMEOUT_MS: input should be a valid integer, unable to parse string as an integer.",
        id="not a number",
    ),
    pytest.param(
        {"KLANTCONTACT_SLEUTEL": "geheim", "KLANTCONTACT_SLEUTEL_FILE": "/geheim"},
        "Give the key as KLANTCONTACT_SLEUTEL_FILE or as KLANTCONTACT_SLEUTEL, not both.",
        id="two keys",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KLANTCONTACT_KAFKA_USERNAME": "geheim"},
        "SASL_SSL logs in: set KLANTCONTACT_KAFKA_USERNAME, and KLANTCONTACT_KAFKA_PASSWORD_FILE or "
        "KLANTCONTACT_KAFKA_PASSWORD, not both.",
        id="a login to Kafka without a password",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KLANTCONTACT_KAFKA_PASSWORD": "geheim"},
        "SASL_PLAINTEXT logs in: set KLANTCONTACT_KAFKA_USERNAME, and KLANTCONTACT_KAFKA_PASSWORD_FILE or "
        "KLANTCONTACT_KAFKA_PASSWORD, not both.",
        id="a login to Kafka without a user",
    ),
    pytest.param(
        {
            "KLANTCONTACT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KLANTCONTACT_KAFKA_USERNAME": "geheim",
            "KLANTCONTACT_KAFKA_PASSWORD": "geheim",
            "KLANTCONTACT_KAFKA_PASSWORD_FILE": "/geheim",
        },
        "SASL_SSL logs in: set KLANTCONTACT_KAFKA_USERNAME, and KLANTCONTACT_KAFKA_PASSWORD_FILE or "
        "KLANTCONTACT_KAFKA_PASSWORD, not both.",
        id="two passwords for Kafka",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_PASSWORD_FILE": "/geheim"},
        "PLAINTEXT does not log in: choose another KLANTCONTACT_KAFKA_SECURITY_PROTOCOL, or leave out "
        "KLANTCONTACT_KAFKA_USERNAME, and KLANTCONTACT_KAFKA_PASSWORD_FILE or KLANTCONTACT_KAFKA_PASSWORD.",
        id="a password that no login uses",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_CA_FILE": "/geheim"},
        "PLAINTEXT does not encrypt: choose another KLANTCONTACT_KAFKA_SECURITY_PROTOCOL, or leave out the files with "
        "certificates.",
        id="an authority without TLS",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_SECURITY_PROTOCOL": "SSL", "KLANTCONTACT_KAFKA_CERTIFICATE_FILE": "/geheim"},
        "KLANTCONTACT_KAFKA_CERTIFICATE_FILE and KLANTCONTACT_KAFKA_KEY_FILE go together.",
        id="a certificate without its key",
    ),
    pytest.param(
        {"KLANTCONTACT_KAFKA_SASL_MECHANISM": "GSSAPI"},
        "KLANTCONTACT_KAFKA_SASL_MECHANISM: input should be 'PLAIN', 'SCRAM-SHA-256' or 'SCRAM-SHA-512'.",
        id="an unknown login mechanism",
    ),
    pytest.param(
        {"KLANTCONTACT_TAAK_TOPIC": "contact.ended"},
        "Every topic needs a name of its own.",
        id="one name for two topics",
    ),
    pytest.param(
        {"KLANTCONTACT_OUTPUT_COMPACTION_HOURS": "11"},
        "KLANTCONTACT_OUTPUT_SEGMENT_HOURS is at most KLANTCONTACT_OUTPUT_COMPACTION_HOURS: Kafka removes nothing from "
        "a segment that is open.",
        id="segments that stay open for longer than Kafka may take to clean",
    ),
    pytest.param(
        {"KLANTCONTACT_PROJECTOR_GROUP": "klantcontact-classifier"},
        "Every service needs a consumer group of its own.",
        id="one group for two services",
    ),
]


@pytest.mark.parametrize(("variables", "message"), REFUSALS)
def test_a_setting_that_does_not_fit_is_refused_by_name_and_without_its_value(
    variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings) as refused:
        load_settings()

    assert str(refused.value) == f"The settings don't fit:\n  {message}"


def test_every_mistake_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLANTCONTACT_COLOUR", "blue")
    monkeypatch.setenv("KLANTCONTACT_BATCH_SIZE", "0")
    monkeypatch.setenv("KLANTCONTACT_LOG_LEVEL", "loud")

    with pytest.raises(InvalidSettings) as refused:
        load_settings()

    assert str(refused.value).splitlines() == [
        "The settings don't fit:",
        "  KLANTCONTACT_COLOUR is not a setting. Remove it: docs/settings.md lists what can be set.",
        "  KLANTCONTACT_BATCH_SIZE: input should be greater than or equal to 1.",
        "  KLANTCONTACT_LOG_LEVEL: input should be 'debug', 'info', 'warning' or 'error'.",
    ]


@pytest.mark.parametrize("name", ["KLANTCONTACT_CACHE", "KLANTCONTACT_TEST_KAFKA", "KLANTCONTACT_BENCH_EVENTS"])
def test_variables_of_the_local_stack_and_the_tests_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "anything")

    assert load_settings() == Settings()


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        mongo_uri="mongodb://user:geheim@host/",
        sleutel=SecretStr("geheim"),
        kafka_security_protocol="SASL_SSL",
        kafka_username="klantcontact",
        kafka_password=SecretStr("geheim"),
    )

    assert "geheim" not in f"{settings!r} {settings}"


def test_topics_of_publishers_are_given_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLANTCONTACT_CONTACT_TOPICS", " contact.ended.telefonie , contact.ended.balie")

    settings = load_settings()

    assert settings.contact_topics == ("contact.ended.telefonie", "contact.ended.balie")
    assert settings.topics[:3] == ("contact.ended.telefonie", "contact.ended.balie", "toestemming.gewijzigd")


def test_a_child_process_can_be_given_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        mongo_uri="mongodb://user:geheim@host/",
        sleutel=SecretStr("s" * 32),
        beleid_file=Path("/beleid.toml"),
        contact_topics=("a", "b"),
    )

    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert settings.environment() == {
        "KLANTCONTACT_BELEID_FILE": "/beleid.toml",
        "KLANTCONTACT_CONTACT_TOPICS": "a,b",
        "KLANTCONTACT_MONGO_URI": "mongodb://user:geheim@host/",
        "KLANTCONTACT_SLEUTEL": "s" * 32,
    }
    assert load_settings() == settings
