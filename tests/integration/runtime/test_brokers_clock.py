"""A service does not start where a topic keeps the publisher's clock."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.local.servers.mock_broker import mock_broker
from services.local.servers.network import HOST, free_port
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.kafka.brokers_clock import require_brokers_clock
from services.runtime.kafka.clients import require_topics
from services.runtime.settings import Settings
from tests.support.kafka_tools import PUBLISHER_DATES, give_brokers_clock, make_topics, topic_names
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

WRONG_SETTINGS = 2


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        classifier_group=f"{topics}-classifier",
        projector_group=f"{topics}-projector",
        sleutel=SecretStr("s" * 32),
        log_format="json",
        **topic_names(topics),
    )


def command(settings: Settings, topic: str) -> str:
    return (
        f"`kafka-configs.sh --bootstrap-server {settings.kafka_bootstrap} --alter --entity-type topics --entity-name "
        f"{topic} --add-config message.timestamp.type=LogAppendTime`"
    )


@pytest.mark.parametrize(
    ("service", "wrong"),
    [("classifier", "contact_topics"), ("classifier", "dead_letter_topic"), ("projector", "taak_topic")],
)
def test_a_service_ends_and_names_the_topic_and_the_command_and_starts_when_it_is_mended(
    settings: Settings, tmp_path: Path, service: str, wrong: str
) -> None:
    named = getattr(settings, wrong)
    topic = named if isinstance(named, str) else named[0]
    make_topics(settings.kafka_bootstrap, *(each for each in settings.topics if each != topic))
    make_topics(settings.kafka_bootstrap, topic, configuration=PUBLISHER_DATES)

    with ServiceProcess(service, settings, tmp_path / "refused.log") as refused:
        status = refused.wait()
    [told] = refused.log("service.refused")
    give_brokers_clock(settings.kafka_bootstrap, topic)
    with ServiceProcess(service, settings, tmp_path / "mended.log") as mended:
        wait_for("it is ready", mended.is_ready)

    assert status == WRONG_SETTINGS
    assert told["reason"] == (
        f"Publishers date the records of {topic} (message.timestamp.type); the broker has to. "
        f"Run {command(settings, topic)}."
    )


async def test_every_topic_with_the_wrong_clock_is_named_with_its_command(settings: Settings) -> None:
    first, second, *others = settings.topics
    make_topics(settings.kafka_bootstrap, *others)
    make_topics(settings.kafka_bootstrap, first, second, configuration=PUBLISHER_DATES)
    await require_topics(settings, *settings.topics)

    with pytest.raises(InvalidSettings) as refused:
        await require_brokers_clock(settings, *settings.topics)

    assert str(refused.value).startswith(f"Publishers date the records of {first}, {second} (")
    assert str(refused.value).endswith(f"Run {command(settings, first)} and {command(settings, second)}.")


async def test_the_broker_inside_the_process_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLANTCONTACT_IN_PROCESS_BROKER", "1")
    with mock_broker() as bootstrap:
        settings = Settings(kafka_bootstrap=bootstrap)

        await require_brokers_clock(settings, *settings.topics)


async def test_a_service_waits_for_kafka() -> None:
    settings = Settings(kafka_bootstrap=f"{HOST}:{free_port()}")

    with pytest.raises(TransientFailure, match="does not answer"):
        await require_brokers_clock(settings, "contact.ended")
