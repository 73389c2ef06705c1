"""The publisher in memory, the one on Apache Kafka and the one on the simulated Kafka keep the same promises."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from functools import partial

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced

from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.kafka import clients
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.publisher import FakePublisher, FakeTopics
from tests.simulate.kafka.broker import Broker
from tests.simulate.kafka.client import Producer
from tests.simulate.world import WorldAtOnce
from tests.support.kafka_tools import committed_offsets, expect_unseen, make_topics, read_committed
from tests.support.waiting import wait_for

Writer = FakePublisher | KafkaPublisher


class World(ABC):
    """A topic to publish to, an input partition whose position is committed, and writers for it."""

    topic: str

    @abstractmethod
    def writer(self) -> Writer:
        """Return a writer that has not taken over yet."""

    @abstractmethod
    def visible(self) -> list[tuple[bytes | None, bytes | None]]:
        """Return key and value of what a committed reader sees."""

    @abstractmethod
    def committed(self) -> int:
        """Return the position that is committed."""


class Memory(World):
    topic = "out"

    def __init__(self) -> None:
        self._topics = FakeTopics()

    def writer(self) -> Writer:
        return FakePublisher(self._topics)

    def visible(self) -> list[tuple[bytes | None, bytes | None]]:
        return [(message.key, message.value) for message in self._topics.messages]

    def committed(self) -> int:
        return self._topics.committed or 0


class Kafka(World):
    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.topic, self._input = f"{prefix}.out", f"{prefix}.contact.ended"
        self._bootstrap, self._group = bootstrap, f"{prefix}-group"
        self.writers: list[KafkaPublisher] = []
        make_topics(bootstrap, self.topic, self._input)

    def writer(self) -> Writer:
        settings = Settings(kafka_bootstrap=self._bootstrap)
        writer = KafkaPublisher(
            make_producer=partial(clients.transactional_producer, settings),
            group=self._group,
            partition=TopicPartition(self._input, 0),
            topics=[self.topic],
            health=Health(()),
            end_with=Ending().end_with,
        )
        self.writers.append(writer)
        return writer

    def visible(self) -> list[tuple[bytes | None, bytes | None]]:
        return [(message.key(), message.value()) for message in read_committed(self._bootstrap, [self.topic])]

    def committed(self) -> int:
        return committed_offsets(self._bootstrap, group=self._group, topic=self._input, partitions=1)[0]


class Simulated(World):
    topic = "out"

    def __init__(self) -> None:
        self._input = TopicPartition("contact.ended", 0)
        self._broker = Broker(WorldAtOnce(), {self.topic: 1, self._input.topic: 1})
        self.writers: list[KafkaPublisher] = []

    def writer(self) -> Writer:
        writer = KafkaPublisher(
            make_producer=lambda *, transactional_id: Producer(self._broker, transactional_id),
            group="group",
            partition=self._input,
            topics=[self.topic],
            health=Health(()),
            end_with=Ending().end_with,
        )
        self.writers.append(writer)
        return writer

    def visible(self) -> list[tuple[bytes | None, bytes | None]]:
        log = self._broker.logs[TopicPartition(self.topic, 0)]
        return [(each.data.key, each.data.value) for each in log.committed()]

    def committed(self) -> int:
        return self._broker.committed("group", self._input) or 0


@pytest.fixture(autouse=True)
async def _expected_failures() -> None:
    expect_unseen(asyncio.get_running_loop(), ProducerFenced)


@pytest.fixture(params=["memory", "simulated", pytest.param("kafka", marks=pytest.mark.server)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield Memory()
        return
    if request.param == "simulated":
        made: Kafka | Simulated = Simulated()
    else:
        made = Kafka(request.getfixturevalue("kafka_bootstrap"), request.getfixturevalue("topics"))
    yield made
    await asyncio.gather(*(writer.release() for writer in made.writers))


def _wait_until_committed(world: World, offset: int) -> None:
    """Others see the position once the transaction is marked as ended, which a new broker takes a second for."""
    wait_for(f"{offset} is committed", lambda: world.committed() == offset)


def _message(world: World, value: bytes | None, key: bytes | None = b"k") -> Message:
    return Message(world.topic, key, value, [("content-type", b"text/plain")])


async def test_messages_and_the_position_become_visible_together(world: World) -> None:
    writer = world.writer()
    assert await writer.take_over() is None
    await writer.publish([_message(world, b"1"), _message(world, b"2")], next_offset=7)
    assert world.visible() == [(b"k", b"1"), (b"k", b"2")]
    _wait_until_committed(world, 7)


async def test_a_batch_without_messages_commits_its_position(world: World) -> None:
    writer = world.writer()
    await writer.take_over()
    await writer.publish([], next_offset=7)
    _wait_until_committed(world, 7)


async def test_a_writer_that_takes_over_learns_the_committed_position(world: World) -> None:
    before, after = world.writer(), world.writer()
    await before.take_over()
    await before.publish([_message(world, b"1")], next_offset=7)
    assert await after.take_over() == 7


async def test_a_fenced_writer_publishes_nothing(world: World) -> None:
    before, after = world.writer(), world.writer()
    await before.take_over()
    await after.take_over()
    await after.publish([_message(world, b"new")], next_offset=7)
    with pytest.raises(PartitionLost):
        await before.publish([_message(world, b"old")], next_offset=5)
    assert world.visible() == [(b"k", b"new")]
    _wait_until_committed(world, 7)


@pytest.mark.parametrize(("key", "value"), [(None, b"no key"), (b"no value", None), (None, None), (b"", b"")])
async def test_a_message_may_lack_its_key_and_value(world: World, key: bytes | None, value: bytes | None) -> None:
    writer = world.writer()
    await writer.take_over()
    await writer.publish([_message(world, value, key)], next_offset=1)
    assert world.visible() == [(key, value)]


async def test_more_than_one_batch_holds_goes_out_in_order(world: World) -> None:
    writer = world.writer()
    await writer.take_over()
    values = [b"%06d" % number + b"x" * 10_000 for number in range(300)]
    await writer.publish([_message(world, value) for value in values], next_offset=300)
    assert [value for _, value in world.visible()] == values
