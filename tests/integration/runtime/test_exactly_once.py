"""The loop on Apache Kafka, with a handler that copies each record: its arrival, and the effect of a rebalance, a
failure or a changed topic.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, NodeNotReadyError, ProducerFenced, UnsupportedCodecError
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions
from structlog.testing import capture_logs

from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost
from services.runtime.exactly_once import partition, partitions
from services.runtime.exactly_once.partitions import Partitions
from services.runtime.exactly_once.ports import Message, Publisher
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.exactly_once.subscriber import Route, TransactionalSubscriber, partition_publisher
from services.runtime.kafka import clients, group_broker
from services.runtime.kafka.assignment import Batch
from services.runtime.kafka.health import GroupHealth
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.stop_store import FakeStopStore
from tests.support.header_names import publish_with_header_names
from tests.support.kafka_tools import (
    ANSWER_SECONDS,
    committed_offsets,
    expect_unseen,
    make_topics,
    producer,
    publish_values,
    read_settled,
    topic_names,
)
from tests.support.waiting import wait_for

SECONDS = 60.0


class Copier:
    """A handler that copies each record to another topic."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.records: list[Record] = []

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:
        self.records += records
        messages = [Message(self._topic, record.key, record.value, record.headers) for record in records]
        await publisher.publish(messages, next_offset=records[-1].offset + 1)


class Running:
    """One instance that reads, and its parts."""

    def __init__(self, settings: Settings, copier: "Copier") -> None:
        self.ending = Ending()
        self.health = Health(waits_for=["kafka"])
        route = Route(settings.input_topics, settings.classifier_group, settings.topics[len(settings.input_topics) :])
        self.subscriber = TransactionalSubscriber(
            settings,
            route,
            handler=copier,
            stop_store=FakeStopStore(),
            health=self.health,
            ending=self.ending,
        )
        self.writer = partial(partition_publisher, settings, route, Health(()), self.ending)
        self._reading = self.subscriber.reading()

    @property
    def partitions(self) -> Partitions:
        return self.subscriber.partitions

    def held(self) -> list[int]:
        """Return the partitions that are taken over."""
        return [each.partition for each, held in self.partitions._held.items() if held.is_taken_over]

    async def hand_over(self, batch: Batch) -> None:
        """Hand over a batch as if a poll had returned it."""
        fetched = {TopicPartition(batch[0].topic, batch[0].partition): batch}
        self.partitions.backlog.take(fetched)
        await self.partitions.handle(fetched)
        await asyncio.wait({held.work for held in self.partitions._held.values() if held.work is not None})

    async def __aenter__(self) -> Self:
        await self._reading.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reading.__aexit__(None, None, None)


@pytest.fixture(autouse=True)
async def _expected_failures() -> None:
    expect_unseen(asyncio.get_running_loop(), ProducerFenced, UnicodeError)


@pytest.fixture
def settings(kafka_bootstrap: str, topics: str) -> Settings:
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        **topic_names(topics),
        classifier_group=f"{topics}-group",
        session_timeout_ms=3_000,
        shutdown_seconds=5,
    )
    # One topic, so that it is known how the partitions are shared.
    made = made.model_copy(update={"consent_topics": ()})
    make_topics(kafka_bootstrap, *made.topics, partitions=2)
    return made


def _refresh_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the group and the producers learn of partitions every second."""
    for module in (clients, group_broker):
        monkeypatch.setattr(module, "METADATA_MS", 1_000)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - conditions of every kind are waited for
            await asyncio.sleep(0.02)


def _values(number: int, *, first: int = 0) -> list[bytes]:
    return [b"%d" % each for each in range(first, first + number)]


async def _copied(settings: Settings) -> list[bytes]:
    messages = await asyncio.to_thread(read_settled, settings.kafka_bootstrap, [settings.registered_topic])
    return sorted((message.value() or b"" for message in messages), key=int)


async def _fetched(settings: Settings, partition: int) -> list[Any]:
    """Fetch the records of a partition, as a consumer would have before a rebalance."""
    place = TopicPartition(settings.contact_topics[0], partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([place])
        return list((await consumer.getmany(place, timeout_ms=int(SECONDS * 1_000)))[place])
    finally:
        await consumer.stop()


async def _rebalanced(running: Running, settings: Settings) -> None:
    """Start and stop another instance, so that all partitions are back under a new writer."""
    before = list(running.partitions._held.values())
    async with Running(settings, Copier(settings.registered_topic)) as other:
        await _until(lambda: len(other.held()) == len(running.held()) == 1)
    await _until(lambda: len(running.held()) == 2)
    assert not any(held.is_taken_over for held in before)


# Arrival ---------------------------------------------------------------------------------------------------------


async def test_everything_is_handled_once_and_committed(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(50))
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 50)
    assert await _copied(settings) == _values(50)
    await _until(lambda: _committed(settings) == 50)


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_compression_that_a_publisher_may_choose_is_read(settings: Settings, compression: str) -> None:
    sender = producer(settings.kafka_bootstrap, compression=compression)
    for _ in range(20):
        sender.produce(settings.contact_topics[0], value=b"x" * 1_000)
    assert sender.flush(ANSWER_SECONDS) == 0
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 20)


async def test_a_record_that_the_framework_can_not_parse_reaches_the_handler_untouched(settings: Settings) -> None:
    sender = producer(settings.kafka_bootstrap)
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_id", b"\xff"),
        ("empty", None),
        ("reply_to", settings.registered_topic.encode()),
    ]
    sender.produce(settings.contact_topics[0], value=b"\xff{", key=b"\xfe", headers=headers, partition=0)
    sender.produce(settings.contact_topics[0], value=None, key=None, partition=0)
    sender.produce(settings.contact_topics[0], value=b"", key=b"", partition=0)
    assert sender.flush(ANSWER_SECONDS) == 0
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 3)
    assert [(each.key, each.value, list(each.headers)) for each in copier.records] == [
        (b"\xfe", b"\xff{", headers),
        (None, None, []),
        (b"", b"", []),
    ]


@pytest.mark.parametrize("compression", [0, 1])
async def test_a_header_name_that_is_not_text_stops_nothing(settings: Settings, compression: int) -> None:
    names_sent = [b"a", b"\xff\xfe", b"\xe9", b"b"]
    await publish_with_header_names(
        settings.kafka_bootstrap, settings.contact_topics[0], names_sent, compression=compression
    )
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 4)
    names = [name for each in copier.records for name, _ in each.headers]
    assert names == ["a", r"\xff\xfe", r"\xe9", "b"]
    assert [each.value for each in copier.records] == [b"0", b"1", b"2", b"3"]


# Rebalances -----------------------------------------------------------------------------------------------------------


async def test_a_batch_from_before_a_rebalance_that_is_committed_already_is_not_handled_again(
    settings: Settings,
) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier) as running:
        await _until(lambda: len(copier.records) == 10)
        old = await _fetched(settings, 0)
        await _rebalanced(running, settings)
        await running.hand_over(old)
        # Nor does it count as waiting, where nothing follows that would be handled after it.
        assert running.partitions.backlog.oldest(TopicPartition(settings.contact_topics[0], 0)) is None
    assert await _copied(settings) == _values(10)


async def test_a_batch_from_before_a_rebalance_does_not_skip_the_records_before_it(settings: Settings) -> None:
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier) as running:
        await _until(lambda: len(running.held()) == 2)
        await _rebalanced(running, settings)
        place = TopicPartition(settings.contact_topics[0], 0)
        running.partitions._means.consumer().pause(place)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
        old = await _fetched(settings, 0)
        # As if the second half had been fetched before the rebalance, and the first half with it.
        await running.hand_over(old[5:])
        running.partitions._means.consumer().resume(place)
        await _until(lambda: len(copier.records) == 10)
    assert [each.offset for each in copier.records] == list(range(10))


async def test_two_instances_share_the_partitions_and_nothing_is_lost_or_doubled(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(200))
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier) as running:
        await _rebalanced(running, settings)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(200, first=200))
        await _until(lambda: _committed(settings) == 400)
    assert await _copied(settings) == _values(400)


async def test_an_instance_that_has_no_partition_for_longer_than_a_session_is_not_ready(settings: Settings) -> None:
    instances = [Running(settings, Copier(settings.registered_topic)) for _ in range(3)]
    first, second, third = instances
    async with first, second, third:
        await _until(lambda: sorted(partition for each in instances for partition in each.held()) == [0, 1])
        await _until(
            lambda: (
                [each.health.reasons() for each in instances if not each.held()]
                == [{"kafka": "the consumer group gives no partitions"}]
            )
        )
        await _until(lambda: all(each.health.ready() for each in instances if each.held()))


async def test_a_revocation_finishes_the_batch_in_flight_and_begins_no_other(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    copier = _Waiting(settings.registered_topic)
    async with Running(settings.model_copy(update={"batch_size": 5}), copier) as running:
        await copier.begun.wait()
        revocation = asyncio.create_task(running.partitions.on_partitions_revoked([]))
        await asyncio.sleep(0)
        copier.may_go_on.set()
        await revocation
        assert await _copied(settings) == _values(5)


async def test_a_revocation_abandons_a_batch_that_takes_too_long_as_a_whole(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    copier = _Waiting(settings.registered_topic)
    async with Running(settings, copier) as running:
        await copier.begun.wait()
        await running.partitions.finish(seconds=0.1)
    assert await _copied(settings) == []
    next_one = Copier(settings.registered_topic)
    async with Running(settings, next_one):
        await _until(lambda: len(next_one.records) == 10)
    assert await _copied(settings) == _values(10)


async def test_a_batch_that_loses_its_cancellation_is_cancelled_again(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    deaf = _Deaf(settings.registered_topic)
    async with Running(settings, deaf) as running:
        await deaf.begun.wait()
        async with asyncio.timeout(30):
            await running.partitions.finish(seconds=0.1)
    assert deaf.cancellations == 3
    assert await _copied(settings) == []


class _Deaf(Copier):
    """A copier that loses two cancellations, as a database client may."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.begun = asyncio.Event()
        self.cancellations = 0

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:  # noqa: ARG002 - as the real one
        self.begun.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancellations += 1
                if self.cancellations > 2:
                    raise


class _Waiting(Copier):
    """A copier that waits in the middle of a batch."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:
        self.begun.set()
        await self.may_go_on.wait()
        await super().handle(records, publisher)


# Failures -------------------------------------------------------------------------------------------------------------


async def test_an_exception_in_the_handler_ends_the_process_and_no_more_records_are_handled(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    broken = _Broken(settings.registered_topic)
    async with Running(settings, broken) as running:
        with pytest.raises(LookupError):
            await asyncio.wait_for(running.ending.wait(), SECONDS)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=1)
        await asyncio.sleep(0.5)
    assert broken.calls == 1
    assert await _copied(settings) == []


class _Broken(Copier):
    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.calls = 0

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:  # noqa: ARG002 - as the real one
        self.calls += 1
        raise LookupError


async def test_an_exception_in_the_listener_ends_the_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(partitions, "Partition", broken)
    async with Running(settings, Copier(settings.registered_topic)) as running:
        with pytest.raises(KeyError):
            await asyncio.wait_for(running.ending.wait(), SECONDS)


async def test_a_watch_that_fails_ends_the_process(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(GroupHealth, "_look", broken)
    async with Running(settings, Copier(settings.registered_topic)) as running:
        with pytest.raises(KeyError):
            await asyncio.wait_for(running.ending.wait(), SECONDS)


@pytest.mark.parametrize("error", [UnsupportedCodecError, KafkaError, UnicodeError])
async def test_a_permanent_failure_of_a_poll_ends_the_process(settings: Settings, error: type[Exception]) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise error

    async with Running(settings, Copier(settings.registered_topic)) as running:
        # aiokafka forgets to close a connection that it is still making when it is stopped.
        await _until(lambda: len(running.held()) == 2)
        running.subscriber.group.consumer().getmany = broken
        with pytest.raises(error):
            await asyncio.wait_for(running.ending.wait(), SECONDS)


async def test_a_poll_is_retried_after_a_transient_error(settings: Settings) -> None:
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier) as running:
        await _until(lambda: len(running.held()) == 2)
        consumer = running.subscriber.group.consumer()
        poll, failures = consumer.getmany, [NodeNotReadyError(), NodeNotReadyError()]

        async def failing_twice(*places: TopicPartition, **options: Any) -> object:  # noqa: ANN401 - as aiokafka's
            if failures:
                raise failures.pop()
            return await poll(*places, **options)

        consumer.getmany = failing_twice
        # The poll in flight is still the old one: what it fetched would arrive without a failure.
        await _until(lambda: not failures)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
        await _until(lambda: len(copier.records) == 10)
        assert not running.ending.asked


async def test_a_partition_without_a_leader_is_reported_and_taken_over_once_it_has_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    elected = asyncio.Event()
    ask = AIOKafkaConsumer.beginning_offsets

    async def ask_of_leader(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> object:
        if partitions == [TopicPartition(settings.contact_topics[0], 1)]:
            await elected.wait()
        return await ask(consumer, partitions)

    monkeypatch.setattr(AIOKafkaConsumer, "beginning_offsets", ask_of_leader)
    async with Running(settings, Copier(settings.registered_topic)) as running:
        told = f"Kafka does not say where partition 1 of {settings.contact_topics[0]} begins and ends (TimeoutError)"
        await _until(lambda: running.health.reasons() == {"kafka": told})
        await _until(lambda: running.held() == [0])
        assert running.partitions.facts() == {"ready": 1, "taking_over": 1}
        elected.set()
        await _until(lambda: running.held() == [0, 1] and running.health.ready())


async def test_a_partition_that_another_writer_took_is_taken_back_while_the_group_gives_it_to_us(
    settings: Settings,
) -> None:
    async with Running(settings, Copier(settings.registered_topic)) as running:
        await _until(lambda: len(running.held()) == 2)
        other = await _taken_by_another(running, settings)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
        await _until(lambda: "kafka" in running.health.reasons())
        await _until(lambda: _committed(settings) == 10)
        await _until(running.health.ready)
        with pytest.raises(PartitionLost):
            await other.publish([], next_offset=99)
        await other.release()
    assert await _copied(settings) == _values(10)


async def test_a_partition_that_is_lost_again_and_again_ends_the_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition, "MAX_LOSSES", 0)
    async with Running(settings, Copier(settings.registered_topic)) as running:
        await _until(lambda: len(running.held()) == 2)
        other = await _taken_by_another(running, settings)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
        with pytest.raises(PartitionLost):
            await asyncio.wait_for(running.ending.wait(), SECONDS)
        await other.release()
    assert await _copied(settings) == []


async def _taken_by_another(running: Running, settings: Settings) -> KafkaPublisher:
    """Have a writer outside the group take partition 0, as an instance that slept does."""
    other = running.writer(TopicPartition(settings.contact_topics[0], 0))
    await other.take_over()
    return other


def _committed(settings: Settings) -> int:
    group, topic = settings.classifier_group, settings.contact_topics[0]
    return sum(committed_offsets(settings.kafka_bootstrap, group=group, topic=topic, partitions=2))


# A topic that has changed ---------------------------------------------------------------------------------------------


async def test_records_that_retention_removed_before_they_were_handled_are_reported(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 10)
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10, first=10), partition=0)
    _delete_records(settings, before=15)
    with capture_logs() as logs:
        async with Running(settings, copier):
            await _until(lambda: len(copier.records) == 15)
    missing = [line for line in logs if line["event"] == "records.missing"]
    assert missing == [
        {
            "event": "records.missing",
            "log_level": "error",
            "topic": settings.contact_topics[0],
            "partition": 0,
            "next_offset": 10,
            "first_offset": 15,
        }
    ]
    assert [each.offset for each in copier.records[10:]] == [15, 16, 17, 18, 19]


async def test_records_that_retention_removed_while_the_classifier_reads_are_reported(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    copier = Copier(settings.registered_topic)
    with capture_logs() as logs:
        async with Running(settings, copier) as running:
            await _until(lambda: len(copier.records) == 10)
            _delete_records(settings, before=8)
            running.partitions._means.consumer().seek(TopicPartition(settings.contact_topics[0], 0), 5)
            await _until(lambda: any(line["event"] == "records.missing" for line in logs))
            publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(1, first=10), partition=0)
            await _until(lambda: len(copier.records) == 11)
    [missing] = [line for line in logs if line["event"] == "records.missing"]
    assert (missing["topic"], missing["partition"], missing["next_offset"], missing["first_offset"]) == (
        settings.contact_topics[0],
        0,
        5,
        None,
    )


def _delete_records(settings: Settings, *, before: int) -> None:
    """Delete records as retention does."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
    for deletion in admin.delete_records([Place(settings.contact_topics[0], 0, before)]).values():
        deletion.result(ANSWER_SECONDS)


async def test_a_topic_made_anew_under_the_same_name_is_read_from_its_beginning(settings: Settings) -> None:
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(10), partition=0)
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 10)
    _delete_topic(settings, settings.contact_topics[0])
    make_topics(settings.kafka_bootstrap, settings.contact_topics[0], partitions=2)
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(3, first=10), partition=0)
    async with Running(settings, copier):
        await _until(lambda: len(copier.records) == 13)
    assert await _copied(settings) == _values(13)


@pytest.mark.parametrize("before", [2, 10], ids=["it grows beyond the old position", "it stays shorter"])
async def test_a_topic_that_is_made_anew_with_more_partitions_is_read_without_a_restart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    _refresh_often(monkeypatch)
    publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(before), partition=0)
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier) as running:
        await _until(lambda: _committed(settings) == before)
        _delete_topic(settings, settings.contact_topics[0])
        await _until(lambda: f"no topic {settings.contact_topics[0]}" in running.health.reasons().get("kafka", ""))
        make_topics(settings.kafka_bootstrap, settings.contact_topics[0], partitions=3)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(5, first=before), partition=0)
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(5, first=before + 5), partition=2)
        await _until(lambda: len(copier.records) == before + 10)
        await _until(running.health.ready)
        assert not running.ending.asked
    assert await _copied(settings) == _values(before + 10)


async def test_partitions_that_are_added_are_read_without_a_restart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refresh_often(monkeypatch)
    copier = Copier(settings.registered_topic)
    async with Running(settings, copier) as running:
        await _until(lambda: running.held() == [0, 1])
        admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
        admin.create_partitions([NewPartitions(settings.contact_topics[0], 3)])[settings.contact_topics[0]].result(
            ANSWER_SECONDS
        )
        publish_values(settings.kafka_bootstrap, settings.contact_topics[0], _values(5), partition=2)
        await _until(lambda: len(copier.records) == 5)


async def test_an_output_topic_that_is_gone_is_reported_until_it_is_made_anew(settings: Settings) -> None:
    async with Running(settings, Copier(settings.registered_topic)) as running:
        await _until(running.health.ready)
        _delete_topic(settings, settings.dead_letter_topic)
        await _until(lambda: f"no topic {settings.dead_letter_topic}" in running.health.reasons().get("kafka", ""))
        make_topics(settings.kafka_bootstrap, settings.dead_letter_topic, partitions=2)
        await _until(running.health.ready)


def _delete_topic(settings: Settings, topic: str) -> None:
    """Delete a topic, and wait until it shows no more: records that are sent at once would else go to the old one."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
    admin.delete_topics([topic])[topic].result(ANSWER_SECONDS)
    wait_for("it is gone", lambda: topic not in admin.list_topics(timeout=ANSWER_SECONDS).topics)
