"""Making and checking the topics."""

import pytest
from aiokafka.admin import NewTopic

from services.local.servers.mock_broker import mock_broker
from services.local.servers.network import HOST, free_port
from services.operations.topics import Departure, TopicState, check_topics, create_topics
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.kafka.clients import admin_client, require_topics
from services.runtime.settings import Settings
from tests.support.kafka_tools import ANSWER_SECONDS, topic_names
from tests.support.kafka_tools import admin_client as of_the_tests
from tests.support.waiting import wait_for


@pytest.fixture
def settings(kafka_bootstrap: str, topics: str) -> Settings:
    return Settings(kafka_bootstrap=kafka_bootstrap, topic_partitions=2, **topic_names(topics))


async def _make_by_hand(settings: Settings, name: str, *, partitions: int, configuration: dict[str, str]) -> None:
    async with admin_client(settings) as admin:
        response = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configuration)])
    assert response.topic_errors == [(name, 0, None)]
    # The broker learns of it a moment after the controller has it.
    shown = of_the_tests(settings.kafka_bootstrap).list_topics
    wait_for("it shows", lambda: name in shown(timeout=ANSWER_SECONDS).topics)


async def test_topics_are_made_as_defined_and_making_them_again_changes_nothing(settings: Settings) -> None:
    before = await check_topics(settings)
    made = await create_topics(settings)
    again = await create_topics(settings)

    assert before == [TopicState(name=name, exists=False) for name in settings.every_topic]
    alone = {settings.audit_topic, *settings.consent_topics}
    partitions = {name: 1 if name in alone else 2 for name in settings.every_topic}
    assert made == [
        TopicState(name=name, exists=True, created=True, partitions=number) for name, number in partitions.items()
    ]
    assert again == [TopicState(name=name, exists=True, partitions=number) for name, number in partitions.items()]
    assert await check_topics(settings) == again


async def test_an_existing_topic_stays_unchanged_and_its_differences_are_reported(settings: Settings) -> None:
    definition = {"retention.ms": "1000", "segment.ms": "86400000", "message.timestamp.type": "LogAppendTime"}
    await _make_by_hand(settings, settings.contact_topics[0], partitions=3, configuration=definition)

    first = (await create_topics(settings))[0]

    assert first == TopicState(
        name=settings.contact_topics[0],
        exists=True,
        partitions=3,
        departures=(
            Departure("partitions", "2", "3"),
            Departure("retention.ms", "604800000", "1000"),
            Departure("retention.bytes", "8589934592", "-1"),
            # Kafka's own default has room for the head of a batch besides.
            Departure("max.message.bytes", "1048576", "1048588"),
        ),
    )
    assert (await check_topics(settings))[0] == first


async def test_a_topic_that_kafka_refuses_to_make_is_reported(settings: Settings) -> None:
    impossible = settings.model_copy(update={"contact_topics": ("..",)})

    with pytest.raises(InvalidSettings, match=r"refuses to make the topic \.\.: InvalidTopicError "):
        await create_topics(impossible)


async def test_a_broker_without_an_admin_interface_makes_topics_on_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KLANTCONTACT_IN_PROCESS_BROKER", "1")
    with mock_broker() as bootstrap:
        settings = Settings(kafka_bootstrap=bootstrap, topic_partitions=4)
        await create_topics(settings)

        alone = {settings.audit_topic, *settings.consent_topics}
        of_one = (Departure("partitions", "1", "4"),)
        assert await check_topics(settings) == [
            TopicState(name=name, exists=True, partitions=4, departures=of_one if name in alone else ())
            for name in settings.every_topic
        ]


async def test_a_service_does_not_start_without_its_topics(settings: Settings) -> None:
    await _make_by_hand(settings, settings.contact_topics[0], partitions=1, configuration={})

    with pytest.raises(InvalidSettings) as refused:
        await require_topics(settings, settings.contact_topics[0], settings.taak_topic)

    assert str(refused.value) == (
        f"Kafka at {settings.kafka_bootstrap} has no topic {settings.taak_topic}. Run `klantcontact topics create`, "
        "correct the settings of topics, or ask for the right to describe such a topic."
    )


async def test_a_service_waits_for_kafka() -> None:
    bootstrap = f"{HOST}:{free_port()}"

    with pytest.raises(TransientFailure) as failed:
        await require_topics(Settings(kafka_bootstrap=bootstrap), "contact.ended")

    assert (str(failed.value), failed.value.part) == (f"Kafka at {bootstrap} does not answer.", "kafka")
