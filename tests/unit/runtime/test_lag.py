"""How far behind the assigned partitions are, and how long the oldest record waits, on a clock that the test moves."""

import asyncio
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY

from services.runtime.kafka import lag
from services.runtime.kafka.assignment import Assignment
from services.runtime.kafka.lag import Lag, LagWatch

PLACE = TopicPartition("contact.ended", 0)
OTHER = TopicPartition("contact.ended", 1)


class _Consumer:
    """Stands somewhere in each partition that it was given."""

    def __init__(self) -> None:
        self.positions = {PLACE: 100}
        self.ends = {PLACE: 100}
        self.answers = True
        self.leaderless: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        if not self.answers:
            raise KafkaError
        if self.leaderless.intersection(partitions):
            await asyncio.Event().wait()
        return {each: self.ends[each] for each in partitions}


class _Bench:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.consumer = _Consumer()
        self.assignment = Assignment()
        self.assignment.is_known = True
        self.watch = LagWatch(self.assignment)

    def fetch(self, *offsets: int, written_at: float, partition: TopicPartition = PLACE) -> None:
        """Have records in hand, one written each second from then on."""
        records = [
            SimpleNamespace(topic=partition.topic, partition=partition.partition, offset=offset, timestamp=when * 1000)
            for offset, when in zip(offsets, range(int(written_at), int(written_at) + len(offsets)), strict=True)
        ]
        self.assignment.backlog.take({partition: cast("list[ConsumerRecord[bytes, bytes]]", records)})

    async def look(self) -> dict[TopicPartition, Lag]:
        await self.watch._look(cast("AIOKafkaConsumer", self.consumer))
        return dict(self.watch.lags)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Bench]:
    made = _Bench()
    monkeypatch.setattr(lag, "time", SimpleNamespace(time=lambda: made.now))
    yield made
    made.watch._show({})


def _shown(partition: TopicPartition) -> tuple[float | None, float | None]:
    labels = {"topic": partition.topic, "partition": str(partition.partition)}
    names = ("klantcontact_lag_records", "klantcontact_oldest_unprocessed_age_seconds")
    records, age = (REGISTRY.get_sample_value(name, labels) for name in names)
    return records, age


async def test_who_is_at_the_end_is_not_behind(bench: _Bench) -> None:
    assert await bench.look() == {PLACE: Lag(0, 0.0)}
    assert _shown(PLACE) == (0, 0)


async def test_what_is_in_hand_counts_until_it_is_handled_and_waits_since_it_was_written(bench: _Bench) -> None:
    bench.fetch(90, 91, 95, written_at=940)
    assert await bench.look() == {PLACE: Lag(10, 60.0)}
    bench.assignment.backlog.handled(PLACE, 91)
    assert await bench.look() == {PLACE: Lag(9, 59.0)}
    bench.assignment.backlog.handled(PLACE, 96)
    assert await bench.look() == {PLACE: Lag(0, 0.0)}


async def test_of_two_fetches_in_hand_the_older_one_counts(bench: _Bench) -> None:
    bench.fetch(90, 91, written_at=940)
    bench.fetch(92, 93, written_at=970)
    assert await bench.look() == {PLACE: Lag(10, 60.0)}
    bench.assignment.backlog.handled(PLACE, 92)
    assert await bench.look() == {PLACE: Lag(8, 30.0)}


async def test_what_is_not_fetched_yet_waits_since_it_was_seen(bench: _Bench) -> None:
    bench.consumer.ends[PLACE] = 103
    assert await bench.look() == {PLACE: Lag(3, 0.0)}
    bench.now += 20
    assert await bench.look() == {PLACE: Lag(3, 20.0)}
    bench.consumer.positions[PLACE] = 103
    await bench.look()
    bench.consumer.ends[PLACE] = 104
    bench.now += 20
    assert await bench.look() == {PLACE: Lag(1, 0.0)}


async def test_while_kafka_is_away_what_is_in_hand_grows_older(bench: _Bench) -> None:
    bench.fetch(90, written_at=940)
    await bench.look()
    bench.consumer.answers = False
    bench.now += 100
    assert await bench.look() == {PLACE: Lag(10, 160.0)}


async def test_while_kafka_is_away_what_was_known_stays(bench: _Bench) -> None:
    await bench.look()
    bench.consumer.answers = False
    assert await bench.look() == {PLACE: Lag(0, 0.0)}


async def test_a_partition_without_a_leader_keeps_no_other_from_being_looked_at(
    bench: _Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "ANSWER_SECONDS", 0.01)
    bench.consumer.positions[OTHER] = bench.consumer.ends[OTHER] = 7
    bench.consumer.ends[PLACE] = 103
    assert await bench.look() == {PLACE: Lag(3, 0.0), OTHER: Lag(0, 0.0)}
    bench.consumer.leaderless = {PLACE}
    bench.consumer.ends[OTHER] = 9
    bench.now += 20
    assert await bench.look() == {PLACE: Lag(3, 20.0), OTHER: Lag(2, 0.0)}


async def test_a_partition_that_is_given_up_loses_its_series(bench: _Bench) -> None:
    bench.consumer.positions[OTHER] = bench.consumer.ends[OTHER] = 7
    await bench.look()
    del bench.consumer.positions[PLACE]
    await bench.look()
    assert (_shown(PLACE), _shown(OTHER)) == ((None, None), (0, 0))
    await bench.assignment.on_partitions_revoked([OTHER])
    assert await bench.look() == {}
    assert _shown(OTHER) == (None, None)


async def test_what_was_in_hand_before_a_rebalance_is_no_longer_ours(bench: _Bench) -> None:
    bench.fetch(90, written_at=940)
    await bench.assignment.on_partitions_revoked([PLACE])
    await bench.assignment.on_partitions_assigned([PLACE])
    assert await bench.look() == {PLACE: Lag(0, 0.0)}


async def test_readiness_shows_the_sum_and_the_oldest(bench: _Bench) -> None:
    bench.consumer.positions[OTHER], bench.consumer.ends[OTHER] = 0, 5
    bench.fetch(90, written_at=940)
    await bench.look()
    assert bench.watch.facts() == {"lag_records": 15, "oldest_unprocessed_seconds": 60.0}
