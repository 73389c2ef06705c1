"""Open transactions as Kafka knows them: where they began, and since when."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition

from services.runtime.kafka import open_transactions as module
from services.runtime.kafka.open_transactions import OpenTransaction, open_transactions
from services.runtime.settings import Settings
from tests.support.kafka_tools import (
    ANSWER_SECONDS,
    PUBLISHER_DATES,
    make_topics,
    open_transaction,
    producer,
    publish_values,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def topic(kafka_bootstrap: str, topics: str) -> str:
    """A topic of two partitions that keeps the publisher's clock."""
    make_topics(kafka_bootstrap, topics, partitions=2, configuration=PUBLISHER_DATES)
    return topics


async def _found(kafka_bootstrap: str, topic: str) -> list[OpenTransaction]:
    return await open_transactions(
        Settings(kafka_bootstrap=kafka_bootstrap), [TopicPartition(topic, each) for each in range(2)]
    )


@pytest.mark.parametrize("committed", [True, False])
async def test_a_transaction_begins_at_the_offset_and_time_of_its_first_record(
    kafka_bootstrap: str, topic: str, *, committed: bool
) -> None:
    sender = producer(kafka_bootstrap)
    for seconds_ago in (7 * 86_400, 301):
        sender.produce(topic, value=b"before", partition=0, timestamp=int((time.time() - seconds_ago) * 1000))
    assert sender.flush(ANSWER_SECONDS) == 0
    with open_transaction(kafka_bootstrap, topic, b"old", b"old", seconds_ago=300, committed=committed):
        publish_values(kafka_bootstrap, topic, [b"behind"] * 3, partition=0)
        publish_values(kafka_bootstrap, topic, [b"elsewhere"] * 3, partition=1)
        [found] = await _found(kafka_bootstrap, topic)

    assert (found.topic, found.partition, found.first_offset, found.end) == (topic, 0, 2, 7)
    assert timedelta() <= datetime.now(UTC) - 5 * MINUTE - found.since < MINUTE / 2
    assert await _found(kafka_bootstrap, topic) == []


async def test_a_transaction_that_opened_recently_is_not_reported(
    kafka_bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_values(kafka_bootstrap, topic, [b"before"], partition=0)
    with open_transaction(kafka_bootstrap, topic, b"just now"):
        young = await _found(kafka_bootstrap, topic)
        monkeypatch.setattr(module, "LONG_MS", 0)
        [found] = await _found(kafka_bootstrap, topic)

    assert young == []
    assert (found.first_offset, found.end) == (1, 2)


async def test_the_first_of_two_open_transactions_counts(kafka_bootstrap: str, topic: str) -> None:
    with open_transaction(kafka_bootstrap, topic, b"first", seconds_ago=600):
        publish_values(kafka_bootstrap, topic, [b"between"], partition=0)
        [before] = await _found(kafka_bootstrap, topic)
        publish_values(kafka_bootstrap, topic, [b"after"], partition=0)
        [after] = await _found(kafka_bootstrap, topic)

    assert (after.first_offset, after.since, after.end) == (before.first_offset, before.since, before.end + 1)
