"""Kafka's errors in words: for a service, and for an operator."""

import ssl

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.kafka.errors import missing_right, translate_kafka_errors, unreached
from services.runtime.settings import Settings

# For a service -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (TopicAuthorizationFailedError({"b", "a"}), "a topic: a, b."),
        (GroupAuthorizationFailedError("group"), "a group: group."),
        (TopicAuthorizationFailedError("not a name"), "a topic."),
    ],
)
def test_a_missing_right_is_named_by_its_topic_or_group(error: KafkaError, named: str) -> None:
    assert str(missing_right(error)).startswith(f"Kafka does not give this user a right that it needs on {named}")


def test_another_error_is_not_taken_for_a_missing_right() -> None:
    assert missing_right(KafkaTimeoutError()) is None


# For an operator -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected", "told"),
    [
        (
            TopicAuthorizationFailedError(),
            InvalidSettings,
            (
                "Kafka at a:1 does not let this user read it (TopicAuthorizationFailedError). Ask for that right: "
                "docs/kafka-rights.md lists those of each command."
            ),
        ),
        (KafkaConnectionError(), TransientFailure, "Kafka at a:1 does not answer."),
        (TimeoutError(), TransientFailure, "Kafka at a:1 does not answer."),
        (
            OffsetOutOfRangeError(),
            TransientFailure,
            (
                "Kafka removed records while they were read: their retention had ended. Start again with a later "
                "beginning."
            ),
        ),
        (
            NotLeaderForPartitionError(),
            TransientFailure,
            "Kafka at a:1 can't do it now (NotLeaderForPartitionError). Try again.",
        ),
        (InvalidTopicError(), InvalidSettings, "Kafka at a:1 refuses (InvalidTopicError)."),
    ],
)
def test_an_error_of_kafka_is_translated(error: Exception, expected: type[KlantcontactError], told: str) -> None:
    with pytest.raises(expected) as raised, translate_kafka_errors(Settings(kafka_bootstrap="a:1"), right="read it"):
        raise error
    assert str(raised.value) == told


def test_an_error_from_elsewhere_stays_unchanged() -> None:
    with pytest.raises(FileNotFoundError), translate_kafka_errors(Settings(), right="read it"):
        raise FileNotFoundError


# A client that could not start ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SaslAuthenticationFailed("geheim"), "Kafka at a:1 refuses the login."),
        (IllegalSaslStateError(), "Kafka at a:1 has no such login."),
        (
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "Kafka at a:1 does not speak TLS as we do",
        ),
        (KafkaConnectionError("closed"), "Kafka at a:1 hangs up at the first word."),
        (ConnectionResetError(), "Kafka at a:1 hangs up at the first word."),
    ],
)
async def test_a_client_that_can_not_start_gets_the_reason(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep_out(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("services.runtime.kafka.connection.create_conn", keep_out)

    found = str(await unreached(Settings(kafka_bootstrap="a:1")))

    assert found.startswith(told)
    assert "geheim" not in found


async def test_the_first_broker_that_gives_a_reason_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([ConnectionRefusedError(), SaslAuthenticationFailed()])

    async def keep_out(*_: object, **__: object) -> None:
        raise next(answers)

    monkeypatch.setattr("services.runtime.kafka.connection.create_conn", keep_out)

    assert str(await unreached(Settings(kafka_bootstrap="a:1,b:2"))).startswith("Kafka at b:2 refuses the login.")


async def test_kafka_does_not_answer_when_no_broker_gives_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def be_away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("services.runtime.kafka.connection.create_conn", be_away)

    assert str(await unreached(Settings(kafka_bootstrap="a:1"))) == "Kafka at a:1 does not answer."
