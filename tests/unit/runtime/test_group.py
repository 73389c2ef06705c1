"""The options for FastStream: its defaults would commit unhandled records, skip unreadable ones, or make topics."""

from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.runtime.ending import Ending
from services.runtime.kafka import group_broker
from services.runtime.kafka.assignment import Assignment, Fetched
from services.runtime.kafka.group import POLL_MS, SHORT_POLL_MS, Group, Reader
from services.runtime.kafka.group_broker import Subscription, subscribe
from services.runtime.observe.health import Health
from services.runtime.settings import Settings

SETTINGS = Settings(session_timeout_ms=9_000)


@pytest.fixture
def broker() -> KafkaBroker:
    return group_broker.group_broker(SETTINGS)


@pytest.fixture
def subscriber(broker: KafkaBroker) -> BatchSubscriber:
    subscription = Subscription(topics=["a", "b"], group="the-group", max_records=7, max_poll_interval_ms=60_000)
    return subscribe(broker, SETTINGS, subscription, Assignment())


def test_the_subscriber_has_no_loop_of_its_own(subscriber: BatchSubscriber) -> None:
    assert not subscriber.calls


def test_positions_are_never_committed_by_the_framework_or_the_client(subscriber: BatchSubscriber) -> None:
    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert subscriber._connection_args["enable_auto_commit"] is False


def test_topics_are_never_made_by_reading_them(broker: KafkaBroker) -> None:
    assert broker.config.allow_auto_create_topics is False


def test_the_subscriber_starts_at_the_beginning_and_reads_committed_records(subscriber: BatchSubscriber) -> None:
    assert subscriber.topic_names == ["a", "b"]
    assert subscriber.group_id == "the-group"
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"
    assert subscriber._connection_args["isolation_level"] == "read_committed"
    assert subscriber._connection_args["session_timeout_ms"] == 9_000
    assert subscriber._connection_args["max_poll_interval_ms"] == 60_000


def test_one_fetch_is_bounded(subscriber: BatchSubscriber) -> None:
    assert subscriber._connection_args["fetch_max_bytes"] <= 16 * 1024 * 1024


# The poll ------------------------------------------------------------------------------------------------------------


class _Reader(Reader):
    def __init__(self, full: set[TopicPartition]) -> None:
        super().__init__()
        self._full = full

    def is_full(self, partition: TopicPartition) -> bool:
        return partition in self._full

    async def handle(self, fetched: Fetched) -> None:
        pass

    async def finish(self, seconds: float) -> None:
        pass


@pytest.mark.parametrize(
    ("full", "asked", "timeout_ms"),
    [
        (set(), [], POLL_MS),
        ({TopicPartition("a", 0)}, [TopicPartition("a", 1)], SHORT_POLL_MS),
    ],
    ids=["all of them", "but a full one, which is looked at again soon"],
)
async def test_a_poll_asks_for_the_partitions_that_have_room(
    full: set[TopicPartition], asked: list[TopicPartition], timeout_ms: int
) -> None:
    polls: list[tuple[list[TopicPartition], dict[str, int]]] = []

    async def getmany(*places: TopicPartition, **options: int) -> Fetched:
        polls.append((list(places), options))
        return {}

    group = Group(SETTINGS, Subscription(topics=["a"], group="g", max_records=7), Health(()), Ending())
    consumer = SimpleNamespace(assignment=lambda: {TopicPartition("a", 0), TopicPartition("a", 1)}, getmany=getmany)
    group._subscriber = cast("BatchSubscriber", SimpleNamespace(consumer=consumer))
    assert await group._fetched(_Reader(full)) == {}
    assert polls == [(asked, {"timeout_ms": timeout_ms, "max_records": 7})]
