"""Writing to raw topics of Apache Kafka: a request lies together, and what Kafka refuses stops nothing else."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import KafkaError

from services.channels.intake.budget import Budget
from services.channels.intake.kafka import KafkaRawTopics
from services.channels.intake.replies import BUSY, Rejected
from services.runtime.ending import Ending
from services.runtime.observe.health import Health, Part
from services.runtime.settings import Settings
from tests.support.intake_process import PARTITIONS, RawReader
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client, make_topics
from tests.support.waiting import wait_for

KIB = 1024
MIB = 1024 * KIB


@pytest.fixture
def topic(kafka_bootstrap: str, topics: str) -> str:
    name = f"{topics}.kanaal"
    make_topics(kafka_bootstrap, name, partitions=PARTITIONS)
    return name


class Raw:
    """The raw topics, and what they take of the budget."""

    def __init__(self, bootstrap: str, *names: str, budget: Budget | None = None) -> None:
        self.settings = Settings(kafka_bootstrap=bootstrap)
        self.budget, self.health = budget or Budget(10 * MIB), Health(waits_for=(Part.KAFKA,))
        self.topics = KafkaRawTopics(self.settings, names, budget=self.budget, health=self.health)

    def kept(self, topic: str) -> list[bytes | None]:
        reader = RawReader(self.settings, [topic])
        try:
            return [each.value() for each in reader.messages(topic)]
        finally:
            reader.close()


@asynccontextmanager
async def raw(bootstrap: str, *names: str, budget: Budget | None = None) -> AsyncIterator[Raw]:
    made = Raw(bootstrap, *names, budget=budget)
    async with asyncio.timeout(60), made.topics.watched(Ending()):
        yield made
    assert made.budget._left_bytes == (budget or Budget(10 * MIB))._left_bytes


async def test_the_messages_of_a_request_lie_together(kafka_bootstrap: str, topic: str) -> None:
    requests = [[f"{number}-{each}".encode() for each in range(5)] for number in range(40)]
    async with raw(kafka_bootstrap, topic) as there:
        await asyncio.gather(*(there.topics.write(topic, request, []) for request in requests))
        kept = there.kept(topic)
    found = [kept[begin : begin + 5] for begin in range(0, len(kept), 5)]
    assert sorted(str(each) for each in found) == sorted(str(each) for each in requests)


async def test_single_messages_and_requests_of_several_stand_in_nobodys_way(kafka_bootstrap: str, topic: str) -> None:
    async with raw(kafka_bootstrap, topic) as there:
        single = [there.topics.write(topic, [f"s-{number}".encode()], []) for number in range(100)]
        several = [there.topics.write(topic, [f"m-{number}".encode()] * 3, []) for number in range(20)]
        await asyncio.gather(*single, *several)
        assert len(there.kept(topic)) == 160


async def test_a_request_that_is_larger_than_a_batch_is_taken(kafka_bootstrap: str, topic: str) -> None:
    messages = [os.urandom(250 * KIB) for _ in range(10)]
    async with raw(kafka_bootstrap, topic) as there:
        await there.topics.write(topic, messages, [])
        assert there.kept(topic) == messages


async def test_a_topic_that_refuses_is_tried_anew_and_hurts_no_other(kafka_bootstrap: str, topics: str) -> None:
    small, other = f"{topics}.small", f"{topics}.other"
    make_topics(kafka_bootstrap, small, partitions=1, configuration={"max.message.bytes": "2000"})
    make_topics(kafka_bootstrap, other, partitions=1)
    async with raw(kafka_bootstrap, small, other) as there:
        with pytest.raises(Rejected) as rejected:
            await there.topics.write(small, [os.urandom(4000)], [])
        assert rejected.value.reply is BUSY
        assert f"Kafka does not take messages for {small}" in there.health.reasons()[Part.KAFKA]
        await there.topics.write(other, [b"other"], [])
        await there.topics.write(small, [b"small"], [])
        assert Part.KAFKA not in there.health.reasons()
        assert (there.kept(small), there.kept(other)) == ([b"small"], [b"other"])


async def test_a_producer_that_has_died_is_replaced(kafka_bootstrap: str, topic: str) -> None:
    async with raw(kafka_bootstrap, topic) as there:
        producer = await there.topics._topics[topic].producer()
        producer._message_accumulator.fail_all(KafkaError())
        with pytest.raises(Rejected):
            await there.topics.write(topic, [b"refused"], [])
        await there.topics.write(topic, [b"taken"], [])
        assert there.kept(topic) == [b"taken"]


async def test_more_than_the_budget_is_refused_and_nothing_of_it_is_written(kafka_bootstrap: str, topic: str) -> None:
    async with raw(kafka_bootstrap, topic, budget=Budget(5 * KIB)) as there:
        with pytest.raises(Rejected):
            await there.topics.write(topic, [b"x" * 2 * KIB] * 3, [])
        await there.topics.write(topic, [b"x" * 2 * KIB], [])
        assert len(there.kept(topic)) == 1


async def test_what_nobody_waits_for_any_more_is_held_until_kafka_has_it(kafka_bootstrap: str, topic: str) -> None:
    async with raw(kafka_bootstrap, topic) as there:
        await there.topics.write(topic, [b"first"], [])
        full = there.budget._left_bytes
        writing = asyncio.create_task(there.topics.write(topic, [b"late"], []))
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait({writing})
        assert writing.cancelled()
        assert there.budget._left_bytes < full
        await asyncio.to_thread(wait_for, "Kafka has it", lambda: there.budget._left_bytes == full)
        assert sorted(there.kept(topic), key=str) == [b"first", b"late"]


async def test_a_topic_that_is_gone_shows_in_readiness(kafka_bootstrap: str, topic: str) -> None:
    admin_client(kafka_bootstrap).delete_topics([topic])[topic].result(ANSWER_SECONDS)
    async with raw(kafka_bootstrap, topic) as there:
        told = f"Kafka has no topic {topic}"
        reasons = there.health.reasons
        await asyncio.to_thread(wait_for, "it says so", lambda: told in reasons().get(Part.KAFKA, ""))
