"""The differences of the broker inside the demo's process, tried on that broker."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient

from services.local.servers.mock_broker import mock_broker
from services.runtime.errors import InvalidSettings
from services.runtime.exactly_once.committed_offset import committed_offset

PARTITION = TopicPartition("contact.ended", 0)


@pytest.fixture
async def client() -> AsyncIterator[AIOKafkaClient]:
    with mock_broker() as bootstrap:
        made = AIOKafkaClient(bootstrap_servers=bootstrap)
        await made.bootstrap()
        await made.add_topic(PARTITION.topic)  # this creates the topic
        yield made
        await made.close()


async def test_the_switch_makes_the_committed_offset_readable_on_that_broker(
    client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLANTCONTACT_IN_PROCESS_BROKER", "1")

    assert await committed_offset(client, group="g", partition=PARTITION) is None


async def test_a_broker_without_stable_offsets_is_refused_without_the_switch(
    client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLANTCONTACT_IN_PROCESS_BROKER", raising=False)

    with pytest.raises(InvalidSettings, match=r"older than 2\.5"):
        await committed_offset(client, group="g", partition=PARTITION)
