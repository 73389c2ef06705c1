"""Kafka itself takes the definition of the compacted topics, and tells the same back."""

import pytest

from services.operations.topics import TopicState, check_topics, create_topics
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.topics import topic_configurations, topic_definitions
from services.runtime.settings import Settings
from tests.support.kafka_tools import topic_names

pytestmark = pytest.mark.server


async def test_topics_are_made_compacted_and_do_not_differ_from_their_definition(
    kafka_bootstrap: str, topics: str
) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, topic_partitions=1, **topic_names(topics))

    await create_topics(settings)

    async with admin_client(settings) as admin:
        found = await topic_configurations(admin, settings.every_topic)
    assert await check_topics(settings) == [
        TopicState(name=name, exists=True, partitions=1) for name in settings.every_topic
    ]
    for definition in topic_definitions(settings):
        assert definition.configuration.items() <= found[definition.name].items()
