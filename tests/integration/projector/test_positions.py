"""Committing positions through a real consumer group, also when the group or Kafka no longer answers us."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.local.servers.kafka import kafka_server
from services.projector import subscriber
from services.projector.subscriber import GroupPositions
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.assignment import Backlog
from tests.support.kafka_tools import make_topics

SECONDS = 60.0

SESSION_MS = 60_000
"""No test waits for its end: a member that stands still for a while stays one."""


class Member:
    """A consumer in its own group, with the only partition of its topic assigned."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.topic = topic
        self.consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            group_id=f"group-{uuid4().hex[:8]}",
            enable_auto_commit=False,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=500,
        )
        self.positions = GroupPositions(lambda: self.consumer, Backlog())

    async def __aenter__(self) -> Self:
        await self.consumer.start()
        async with asyncio.timeout(SECONDS):
            while not self.consumer.assignment():
                await self.consumer.getmany(timeout_ms=50)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()

    async def committed(self) -> int | None:
        offset: int | None = await self.consumer.committed(TopicPartition(self.topic, 0))
        return offset


@pytest.fixture
async def member(kafka_bootstrap: str, topics: str) -> AsyncIterator[Member]:
    topic = f"{topics}.taak.created"
    make_topics(kafka_bootstrap, topic)
    async with Member(kafka_bootstrap, topic) as joined:
        yield joined


async def test_the_group_continues_at_the_committed_position(member: Member) -> None:
    await member.positions.commit({TopicPartition(member.topic, 0): 7})

    assert await member.committed() == 7


async def test_a_position_in_a_partition_of_another_member_is_refused(member: Member) -> None:
    with pytest.raises(PartitionLost):
        await member.positions.commit({TopicPartition(member.topic, 5): 7})


async def test_a_member_that_the_group_has_gone_on_without_has_lost_its_partitions(member: Member) -> None:
    member.consumer._coordinator.generation -= 1

    with pytest.raises(PartitionLost):
        await member.positions.commit({TopicPartition(member.topic, 0): 7})

    assert await member.committed() is None


async def test_kafka_that_does_not_answer_is_a_transient_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = kafka_server(tmp_path / "kafka", say=print)
    await asyncio.to_thread(kafka.start)
    try:
        await asyncio.to_thread(make_topics, kafka.address, "taak.created")
        async with Member(kafka.address, "taak.created") as member:
            kafka.pause()
            monkeypatch.setattr(subscriber, "COMMIT_SECONDS", 1.0)
            with pytest.raises(TransientFailure) as caught:
                await member.positions.commit({TopicPartition(member.topic, 0): 7})
            kafka.resume()

            monkeypatch.setattr(subscriber, "COMMIT_SECONDS", SECONDS)
            await member.positions.commit({TopicPartition(member.topic, 0): 8})
            assert await member.committed() == 8
    finally:
        await asyncio.to_thread(kafka.stop)

    assert caught.value.part == "kafka"
