"""The writer of one partition on Apache Kafka, when a transaction fails, or nobody knows whether it did."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, ProducerFenced
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from services.classifier.adapters import kafka_publisher
from services.classifier.adapters.committed_offset import UnstableOffset, committed_offset
from services.classifier.adapters.hanging_transaction import abort_hanging_transaction
from services.classifier.adapters.kafka_publisher import KafkaPublisher
from services.classifier.ports import Message
from services.runtime import kafka
from services.runtime.errors import PartitionLost
from services.runtime.settings import Settings
from tests.kafka_tools import committed_offsets, expect_unseen, make_topics, producer, read_committed
from tests.waiting import wait_for

Commit = Callable[[], Awaitable[None]]


@dataclass
class Desk:
    """A writer whose commits can be made to fail, and what a committed reader sees of it."""

    bootstrap: str
    prefix: str
    meddle: Callable[[Commit], Awaitable[None]] | None = None
    """Takes the place of the next commit."""
    troubles: list[str | None] = field(default_factory=list)
    writers: list[KafkaPublisher] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return f"{self.prefix}.out"

    @property
    def group(self) -> str:
        return f"{self.prefix}-group"

    @property
    def partition(self) -> TopicPartition:
        return TopicPartition(f"{self.prefix}.contact.ended", 0)

    async def writer(self) -> KafkaPublisher:
        writer = KafkaPublisher(
            make_producer=self._make_producer,
            group=self.group,
            partition=self.partition,
            topics=[self.topic],
            tell_trouble=self.troubles.append,
        )
        self.writers.append(writer)
        await writer.take_over()
        return writer

    def _make_producer(self, *, transactional_id: str) -> AIOKafkaProducer:
        made = kafka.transactional_producer(Settings(kafka_bootstrap=self.bootstrap), transactional_id=transactional_id)
        commit = made.commit_transaction

        async def meddled_with() -> None:
            meddle, self.meddle = self.meddle, None
            await (commit() if meddle is None else meddle(commit))

        made.commit_transaction = meddled_with
        return made

    def trouble(self) -> str | None:
        return self.troubles[-1]

    def message(self, value: bytes) -> Message:
        return Message(self.topic, b"k", value, [])

    def visible(self) -> list[bytes | None]:
        return [message.value() for message in read_committed(self.bootstrap, [self.topic])]

    def committed(self) -> int:
        topic = self.partition.topic
        return committed_offsets(self.bootstrap, group=self.group, topic=topic, partitions=1)[0]


@pytest.fixture(autouse=True)
async def _expected_failures() -> None:
    expect_unseen(asyncio.get_running_loop(), ProducerFenced)


@pytest.fixture
async def desk(kafka_bootstrap: str, topics: str) -> AsyncIterator[Desk]:
    made = Desk(kafka_bootstrap, topics)
    make_topics(kafka_bootstrap, made.topic, made.partition.topic, configuration={"max.message.bytes": "50000"})
    yield made
    for writer in made.writers:
        await writer.release()


async def test_a_commit_whose_answer_is_lost_is_not_repeated(desk: Desk) -> None:
    async def lose_the_answer(commit: Commit) -> None:
        await commit()
        raise KafkaConnectionError

    writer = await desk.writer()
    desk.meddle = lose_the_answer
    await writer.publish([desk.message(b"1")], next_offset=5)
    await writer.publish([desk.message(b"2")], next_offset=6)
    assert desk.visible() == [b"1", b"2"]
    wait_for("the position is committed", lambda: desk.committed() == 6)


async def test_a_commit_that_was_not_made_is_made_up_for(desk: Desk) -> None:
    async def fail(_: Commit) -> None:
        raise KafkaConnectionError

    writer = await desk.writer()
    await writer.publish([desk.message(b"1")], next_offset=5)
    desk.meddle = fail
    await writer.publish([desk.message(b"2")], next_offset=6)
    assert desk.visible() == [b"1", b"2"]
    wait_for("the position is committed", lambda: desk.committed() == 6)
    assert desk.trouble() is None


async def test_whoever_was_overtaken_while_the_outcome_was_unknown_gives_up(desk: Desk) -> None:
    async def overtake(_: Commit) -> None:
        other = await desk.writer()
        await other.publish([desk.message(b"other")], next_offset=9)
        raise KafkaConnectionError

    writer = await desk.writer()
    desk.meddle = overtake
    with pytest.raises(PartitionLost):
        await writer.publish([desk.message(b"mine")], next_offset=6)
    assert desk.trouble() is not None
    await writer.release()
    assert desk.trouble() is None, "what is not ours any more is no trouble of ours"
    assert desk.visible() == [b"other"]
    wait_for("the position is committed", lambda: desk.committed() == 9)


async def test_a_transaction_that_hangs_is_made_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Commit) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(kafka_publisher, "NOTICE_SECONDS", 0.05)
    writer = await desk.writer()
    monkeypatch.setattr(kafka_publisher, "TRANSACTION_SECONDS", 0.5)
    desk.meddle = hang
    await writer.publish([desk.message(b"1")], next_offset=5)
    assert desk.visible() == [b"1"]
    assert "Kafka has not answered for 0 seconds" in desk.troubles
    assert "Kafka does not take what we write (TimeoutError)" in desk.troubles
    assert desk.trouble() is None


async def test_a_batch_that_the_broker_refuses_is_not_lost(desk: Desk) -> None:
    writer = await desk.writer()
    too_large = desk.message(b"x" * 100_000)
    publishing = asyncio.create_task(writer.publish([desk.message(b"1"), too_large], next_offset=5))
    async with asyncio.timeout(20):
        while len(desk.troubles) < 2:  # noqa: ASYNC110 - another task fills it
            await asyncio.sleep(0.05)
    assert desk.committed() == 0
    await asyncio.to_thread(_allow_bytes, desk, 1_000_000)
    await publishing
    assert desk.visible() == [b"1", too_large.value]
    wait_for("the position is committed", lambda: desk.committed() == 5)


def _allow_bytes(desk: Desk, number: int) -> None:
    entry = ConfigEntry("max.message.bytes", str(number), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, desk.topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": desk.bootstrap})
    for change in admin.incremental_alter_configs([resource]).values():
        change.result(10)


async def test_giving_up_in_the_middle_leaves_nothing_that_holds_readers_up(desk: Desk) -> None:
    reached = asyncio.Event()

    async def hang(_: Commit) -> None:
        reached.set()
        await asyncio.Event().wait()

    writer = await desk.writer()
    desk.meddle = hang
    publishing = asyncio.create_task(writer.publish([desk.message(b"1")], next_offset=5))
    await reached.wait()
    publishing.cancel()
    with suppress(asyncio.CancelledError):
        await publishing
    await writer.release()
    assert desk.trouble() is None
    sender = producer(desk.bootstrap)
    sender.produce(desk.topic, value=b"after")
    assert sender.flush(10) == 0
    assert desk.visible() == [b"after"]


async def test_a_transaction_that_kafka_forgot_to_end_is_aborted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's fault can't be had on demand: here the offset stays uncertain until the writer aborts something."""
    aborted: list[str] = []

    async def uncertain_until_aborted(client: AIOKafkaClient, *, group: str, partition: TopicPartition) -> int | None:
        if not aborted:
            raise UnstableOffset
        return await committed_offset(client, group=group, partition=partition)

    async def abort(
        producer: AIOKafkaProducer, *, group: str, partition: TopicPartition, topics: Sequence[str]
    ) -> None:
        await abort_hanging_transaction(producer, group=group, partition=partition, topics=topics)
        aborted.extend(topics)

    monkeypatch.setattr(kafka_publisher, "CERTAIN_SECONDS", 0.1)
    monkeypatch.setattr(kafka_publisher, "committed_offset", uncertain_until_aborted)
    monkeypatch.setattr(kafka_publisher, "abort_hanging_transaction", abort)
    writer = await desk.writer()
    assert aborted == [desk.topic]
    await writer.publish([desk.message(b"1")], next_offset=5)
    assert desk.visible() == [b"1"]
    wait_for("the position is committed", lambda: desk.committed() == 5)


# The committed offset -------------------------------------------------------------------------------------------------


async def test_the_committed_offset_is_not_told_while_a_transaction_may_change_it(desk: Desk) -> None:
    settings = Settings(kafka_bootstrap=desk.bootstrap)
    async with (
        kafka.transactional_producer(settings, transactional_id=desk.group) as one,
        AIOKafkaConsumer(bootstrap_servers=desk.bootstrap, group_id=desk.group, enable_auto_commit=False) as consumer,
    ):
        assert await committed_offset(one.client, group=desk.group, partition=desk.partition) is None
        await one.begin_transaction()
        await one.send_offsets_to_transaction({desk.partition: 5}, desk.group)
        assert await consumer.committed(desk.partition) is None, "what the ordinary question gives"
        with pytest.raises(UnstableOffset):
            await committed_offset(one.client, group=desk.group, partition=desk.partition)
        await one.commit_transaction()
        async with asyncio.timeout(10):
            assert await _stable(one, desk) == 5


async def _stable(one: AIOKafkaProducer, desk: Desk) -> int | None:
    while True:
        with suppress(UnstableOffset):
            return await committed_offset(one.client, group=desk.group, partition=desk.partition)
        await asyncio.sleep(0.01)
