"""The writer of one partition on Apache Kafka, when a transaction fails or its outcome is unknown."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, ProducerFenced
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from schemas.positions import Position
from services.runtime.errors import InvalidSettings, PartitionLost
from services.runtime.exactly_once import publisher
from services.runtime.exactly_once.committed_offset import ASK_SECONDS, UnstableOffset, committed_offset
from services.runtime.exactly_once.kafka_20734 import POSITIONS, End, LastEnd, last_end
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.kafka import clients
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.support.kafka_tools import (
    ANSWER_SECONDS,
    admin_client,
    committed_offsets,
    expect_unseen,
    holds_readers_up,
    make_topics,
    producer,
    read_committed,
    read_settled,
)
from tests.support.waiting import wait_for

Commit = Callable[[], Awaitable[None]]

START_SECONDS = 30
"""More than any start takes; a call that hangs for so long hangs for ever."""


class _Noted(Health):
    """A health that notes every report, including those that change nothing."""

    def __init__(self, troubles: list[str | None]) -> None:
        super().__init__(())
        self._troubles = troubles

    def set(self, part: str, reason: str | None, *, by: str) -> None:
        self._troubles.append(reason)
        super().set(part, reason, by=by)

    def leave(self, part: str, *, by: str) -> None:
        self._troubles.append(None)
        super().leave(part, by=by)


@dataclass
class Desk:
    """A writer whose commits can be made to fail, and a committed reader's view of its output."""

    bootstrap: str
    prefix: str
    number: int = 0
    """Of the partition of the input."""
    in_group: str | None = None
    """The group, where it is not its own."""
    meddle: Callable[[Commit], Awaitable[None]] | None = None
    """Takes the place of the next commit."""
    forgets_output: bool = False
    """Whether the next transaction ends without its coordinator knowing of the output: see `forgetful`."""
    troubles: list[str | None] = field(default_factory=list)
    ended: list[asyncio.Task[None]] = field(default_factory=list)
    """Tasks of writers that are over."""
    writers: list[KafkaPublisher] = field(default_factory=list)
    producers: list[AIOKafkaProducer] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return f"{self.prefix}.out"

    @property
    def group(self) -> str:
        return self.in_group or f"{self.prefix}-group"

    @property
    def partition(self) -> TopicPartition:
        return TopicPartition(f"{self.prefix}.contact.ended", self.number)

    @property
    def transactional_id(self) -> str:
        return f"{self.group}-{self.partition.topic}-{self.number}"

    async def writer(self) -> KafkaPublisher:
        writer = KafkaPublisher(
            make_producer=self._make_producer,
            group=self.group,
            partition=self.partition,
            topics=[self.topic],
            health=_Noted(self.troubles),
            end_with=self.ended.append,
        )
        self.writers.append(writer)
        async with asyncio.timeout(START_SECONDS):
            await writer.take_over()
        return writer

    def _make_producer(self, *, transactional_id: str) -> AIOKafkaProducer:
        made = clients.transactional_producer(
            Settings(kafka_bootstrap=self.bootstrap), transactional_id=transactional_id
        )
        self.producers.append(made)
        begin, commit = made.begin_transaction, made.commit_transaction

        async def begin_forgetting() -> None:
            await begin()
            if self.forgets_output:
                self.forgets_output = False
                made._txn_manager._txn_partitions.add(TopicPartition(self.topic, 0))

        async def meddled_commit() -> None:
            meddle, self.meddle = self.meddle, None
            await (commit() if meddle is None else meddle(commit))

        made.begin_transaction = begin_forgetting
        made.commit_transaction = meddled_commit
        return made

    def cut(self) -> None:
        """Close the connections of the present writer, as a stopping broker does; the writer notices at its next
        use of them.
        """
        for connection in list(self.producers[-1].client._conns.values()):
            connection.close()

    def trouble(self) -> str | None:
        return self.troubles[-1]

    def message(self, value: bytes) -> Message:
        return Message(self.topic, b"k", value, [])

    def visible(self) -> list[bytes | None]:
        """Return what a committed reader sees of what is committed.

        The wait for it holds the loop of the writers, so that none of them can end a transaction meanwhile that Kafka
        forgot.
        """
        return [message.value() for message in read_settled(self.bootstrap, [self.topic])]

    def committed(self) -> int:
        topic = self.partition.topic
        return committed_offsets(self.bootstrap, group=self.group, topic=topic, partitions=1)[0]


@pytest.fixture(autouse=True)
async def _expected_failures() -> None:
    # KafkaError: a batch in flight when its connection breaks.
    expect_unseen(asyncio.get_running_loop(), ProducerFenced, KafkaError)


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


async def test_a_batch_whose_commit_was_not_made_is_published_again(desk: Desk) -> None:
    async def fail(_: Commit) -> None:
        raise KafkaConnectionError

    writer = await desk.writer()
    await writer.publish([desk.message(b"1")], next_offset=5)
    desk.meddle = fail
    await writer.publish([desk.message(b"2")], next_offset=6)
    assert desk.visible() == [b"1", b"2"]
    wait_for("the position is committed", lambda: desk.committed() == 6)
    assert desk.trouble() is None


async def test_a_writer_that_was_overtaken_while_the_outcome_was_unknown_gives_up(desk: Desk) -> None:
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
    assert desk.trouble() is None, "the writer no longer owns the partition, so it reports nothing"
    assert desk.visible() == [b"other"]
    wait_for("the position is committed", lambda: desk.committed() == 9)


async def test_a_transaction_that_hangs_is_made_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Commit) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(publisher, "NOTICE_SECONDS", 0.05)
    writer = await desk.writer()
    monkeypatch.setattr(publisher, "TRANSACTION_SECONDS", 0.5)
    desk.meddle = hang
    await writer.publish([desk.message(b"1")], next_offset=5)
    assert desk.visible() == [b"1"]
    assert "Kafka has not answered for 0 seconds" in desk.troubles
    assert "Kafka does not take what we write (TimeoutError)" in desk.troubles
    assert desk.trouble() is None


async def test_a_batch_that_the_broker_refuses_is_not_lost(desk: Desk) -> None:
    writer = await desk.writer()
    too_large = desk.message(os.urandom(100_000))  # which no compression makes smaller
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
    _alter_configuration(desk.bootstrap, ResourceType.TOPIC, desk.topic, entry)


def _alter_configuration(bootstrap: str, kind: ResourceType, name: str, entry: ConfigEntry) -> None:
    resource = ConfigResource(kind, name, incremental_configs=[entry])
    for change in admin_client(bootstrap).incremental_alter_configs([resource]).values():
        change.result(ANSWER_SECONDS)


async def test_a_writer_that_gives_up_in_a_transaction_does_not_hold_readers_up(desk: Desk) -> None:
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
    assert sender.flush(ANSWER_SECONDS) == 0
    assert desk.visible() == [b"after"]


# Transactions that Kafka did not end everywhere -----------------------------------------------------------------------


class Part(Enum):
    """A part of a transaction that Kafka can forget to end."""

    OUTPUT = auto()
    POSITION = auto()


@pytest.fixture
def forgetful(kafka_bootstrap: str) -> Iterator[None]:
    """A Kafka that takes a transaction's records in partitions that its coordinator does not know. It ends the
    transaction without them, as a broker does when it is stopped at the wrong moment.
    """
    name = "transaction.partition.verification.enable"
    brokers = admin_client(kafka_bootstrap).list_topics(timeout=ANSWER_SECONDS).brokers
    alter = [partial(_alter_configuration, kafka_bootstrap, ResourceType.BROKER, str(broker)) for broker in brokers]
    for each in alter:
        each(ConfigEntry(name, "false", incremental_operation=AlterConfigOpType.SET))
    yield
    for each in alter:
        each(ConfigEntry(name, None, incremental_operation=AlterConfigOpType.DELETE))


async def _leave_hanging(desk: Desk, end: End, forgotten: set[Part]) -> None:
    """Write to the output and move the position to 5 in a transaction that ends everywhere but in some parts."""
    settings = Settings(kafka_bootstrap=desk.bootstrap)
    async with clients.transactional_producer(settings, transactional_id=desk.transactional_id) as former:
        await former.begin_transaction()
        known = former._txn_manager
        if Part.OUTPUT in forgotten:
            known._txn_partitions.add(TopicPartition(desk.topic, 0))
        else:
            known.maybe_add_partition_to_txn(TopicPartition(desk.topic, 0))
        # An output that is not forgotten: a transaction of nothing is not ended at all.
        known.maybe_add_partition_to_txn(desk.partition)
        await (await former.send(desk.topic, b"1"))
        if Part.POSITION in forgotten:
            known.consumer_group_added(desk.group)
        await former.send_offsets_to_transaction({desk.partition: 5}, desk.group)
        await (former.commit_transaction() if end is End.COMMIT else former.abort_transaction())


FORGOTTEN = [{Part.OUTPUT}, {Part.POSITION}, {Part.OUTPUT, Part.POSITION}]


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("forgotten", FORGOTTEN)
async def test_a_commit_that_kafka_forgot_in_part_is_whole_after_the_next_start(
    desk: Desk, forgotten: set[Part]
) -> None:
    await _leave_hanging(desk, End.COMMIT, forgotten)
    writer = await desk.writer()
    assert desk.visible() == [b"1"]
    assert desk.committed() == 5
    await writer.publish([desk.message(b"2")], next_offset=6)
    assert desk.visible() == [b"1", b"2"]
    wait_for("the position is committed", lambda: desk.committed() == 6)


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("forgotten", FORGOTTEN)
async def test_an_abort_that_kafka_forgot_in_part_is_whole_after_the_next_start(
    desk: Desk, forgotten: set[Part]
) -> None:
    await _leave_hanging(desk, End.ABORT, forgotten)
    writer = await desk.writer()
    assert desk.visible() == []
    assert desk.committed() == 0
    await writer.publish([desk.message(b"1")], next_offset=5)
    assert desk.visible() == [b"1"]
    wait_for("the position is committed", lambda: desk.committed() == 5)


@pytest.mark.usefixtures("forgetful")
async def test_a_commit_that_kafka_forgot_in_part_is_whole_although_the_next_transaction_was_never_finished(
    desk: Desk,
) -> None:
    await _leave_hanging(desk, End.COMMIT, {Part.OUTPUT})
    settings = Settings(kafka_bootstrap=desk.bootstrap)
    killed = clients.transactional_producer(settings, transactional_id=desk.transactional_id)
    await killed.start()
    await killed.begin_transaction()
    await (await killed.send(desk.partition.topic, b"2"))
    await killed.stop()
    await desk.writer()
    assert desk.visible() == [b"1"]
    assert await asyncio.to_thread(read_committed, desk.bootstrap, [desk.partition.topic]) == []


async def test_kafka_tells_where_an_unfinished_transaction_wrote(desk: Desk) -> None:
    settings = Settings(kafka_bootstrap=desk.bootstrap)
    async with clients.transactional_producer(settings, transactional_id=desk.transactional_id) as one:
        assert await last_end(one.client, desk.transactional_id) == LastEnd(End.COMMIT)
        await one.begin_transaction()
        await (await one.send(desk.topic, b"1"))
        await one.send_offsets_to_transaction({desk.partition: 5}, desk.group)
        last = await last_end(one.client, desk.transactional_id)
        assert last is not None
        assert last.end is End.COMMIT
        assert {topic for topic, _ in last.to_be_aborted} == {desk.topic, POSITIONS}
        assert (desk.topic, 0) in last.to_be_aborted
        await one.abort_transaction()
        assert await last_end(one.client, desk.transactional_id) == LastEnd(End.ABORT)


@pytest.mark.usefixtures("forgetful")
async def test_a_commit_that_kafka_forgot_while_it_was_away_is_not_aborted_by_the_next_transaction(desk: Desk) -> None:
    async def fail(_: Commit) -> None:
        raise KafkaConnectionError

    writer = await desk.writer()
    desk.forgets_output = True
    await writer.publish([desk.message(b"1")], next_offset=5)
    desk.cut()
    desk.meddle = fail
    await writer.publish([desk.message(b"2")], next_offset=6)
    assert desk.visible() == [b"1", b"2"]
    wait_for("the position is committed", lambda: desk.committed() == 6)


@pytest.mark.usefixtures("forgetful")
async def test_a_commit_that_kafka_forgot_while_it_was_away_does_not_wait_for_the_next(desk: Desk) -> None:
    writer = await desk.writer()
    desk.forgets_output = True
    await writer.publish([desk.message(b"1")], next_offset=5)
    assert holds_readers_up(desk.bootstrap, [desk.topic])
    desk.cut()
    async with asyncio.timeout(START_SECONDS):
        while holds_readers_up(desk.bootstrap, [desk.topic]):  # noqa: ASYNC110 - another task of this loop ends it
            await asyncio.sleep(0.05)
    assert desk.visible() == [b"1"]
    await writer.publish([desk.message(b"2")], next_offset=6)
    assert desk.visible() == [b"1", b"2"]
    assert desk.trouble() is None


async def test_a_writer_with_nothing_to_do_keeps_its_connection_in_use(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(publisher, "LOOKS_A_QUESTION", 1)
    writer = await desk.writer()
    assert writer._connection is not None
    connection = writer._connection._connection
    assert connection is not None
    async with asyncio.timeout(START_SECONDS):
        for _ in range(3):
            used_at = connection._last_action
            while connection._last_action == used_at:  # noqa: ASYNC110 - another task of this loop uses it
                await asyncio.sleep(0.05)
    assert not writer._connection.is_gone
    assert len(desk.producers) == 1


async def test_a_writer_that_can_not_start_anew_ends_the_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: KafkaPublisher) -> None:
        raise InvalidSettings

    await desk.writer()
    monkeypatch.setattr(KafkaPublisher, "_start", fail)
    desk.cut()
    async with asyncio.timeout(START_SECONDS):
        while not desk.ended:  # noqa: ASYNC110 - another task of this loop ends
            await asyncio.sleep(0.05)
    assert isinstance(desk.ended[0].exception(), InvalidSettings)


# The committed offset -------------------------------------------------------------------------------------------------


async def test_the_committed_offset_is_not_told_while_a_transaction_may_change_it(desk: Desk) -> None:
    settings = Settings(kafka_bootstrap=desk.bootstrap)
    async with (
        clients.transactional_producer(settings, transactional_id=desk.group) as one,
        AIOKafkaConsumer(bootstrap_servers=desk.bootstrap, group_id=desk.group, enable_auto_commit=False) as consumer,
    ):
        assert await committed_offset(one.client, group=desk.group, partition=desk.partition) is None
        await one.begin_transaction()
        await one.send_offsets_to_transaction({desk.partition: 5}, desk.group)
        assert await consumer.committed(desk.partition) is None, "the ordinary request has an answer"
        with pytest.raises(UnstableOffset):
            await committed_offset(one.client, group=desk.group, partition=desk.partition)
        await one.commit_transaction()
        async with asyncio.timeout(START_SECONDS):
            assert await _stable(one, desk) == 5


async def _stable(one: AIOKafkaProducer, desk: Desk) -> int | None:
    while True:
        with suppress(UnstableOffset):
            return await committed_offset(one.client, group=desk.group, partition=desk.partition)
        await asyncio.sleep(0.01)


async def test_it_tells_what_the_group_has_committed_in_other_partitions(desk: Desk) -> None:
    first = Desk(desk.bootstrap, f"{desk.prefix}.pair")
    second = Desk(desk.bootstrap, first.prefix, number=1)
    topic = first.partition.topic
    make_topics(desk.bootstrap, first.topic)
    make_topics(desk.bootstrap, topic, partitions=2)
    writer, other = await first.writer(), await second.writer()
    desk.writers += [writer, other]
    assert not await writer.is_committed(Position(topic, 1, 4))
    await other.publish([second.message(b"a")], next_offset=5)
    async with asyncio.timeout(START_SECONDS):
        while not await writer.is_committed(Position(topic, 1, 4)):  # noqa: ASYNC110 - Kafka is asked
            await asyncio.sleep(ASK_SECONDS)
    assert not await writer.is_committed(Position(topic, 1, 5))
    assert not await writer.is_committed(Position("another", 1, 4))
    await writer.publish([first.message(b"b")], next_offset=3)
    assert await writer.is_committed(Position(topic, 0, 2))
    assert not await writer.is_committed(Position(topic, 0, 3))
    await writer.release()
    assert not await writer.is_committed(Position(topic, 0, 2)), "another instance may hold it now"


async def test_it_tells_what_the_group_has_committed_in_the_same_partition_of_another_topic(desk: Desk) -> None:
    elsewhere = Desk(desk.bootstrap, f"{desk.prefix}.other", in_group=desk.group)
    topic, place = elsewhere.topic, elsewhere.partition
    make_topics(desk.bootstrap, topic, place.topic)
    writer, other = await desk.writer(), await elsewhere.writer()
    desk.writers.append(other)
    await writer.publish([desk.message(b"a")], next_offset=9)
    assert not await writer.is_committed(Position(place.topic, place.partition, 4))
    await other.publish([elsewhere.message(b"b")], next_offset=5)
    async with asyncio.timeout(START_SECONDS):
        while not await writer.is_committed(Position(place.topic, place.partition, 4)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(ASK_SECONDS)
    assert not await writer.is_committed(Position(place.topic, place.partition, 5))
    assert not await other.is_committed(Position(place.topic, place.partition, 5))
