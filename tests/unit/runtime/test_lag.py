"""How far behind the assigned partitions are, and how long the oldest record waits, on a clock that the test moves."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY

from services.runtime.kafka import lag
from services.runtime.kafka.assignment import Assignment
from services.runtime.kafka.lag import Lag, LagWatch
from services.runtime.settings import Settings

PLACE = TopicPartition("contact.ended", 0)
OTHER = TopicPartition("contact.ended", 1)


class _Consumer:
    """A consumer with a position in each assigned partition."""

    def __init__(self) -> None:
        self.positions = {PLACE: 100}
        self.ends = {PLACE: 100}
        """The last stable offsets."""
        self.highwaters: dict[TopicPartition, int] = {}
        """As of the last fetch."""
        self.answers = True
        self.leaderless: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def highwater(self, partition: TopicPartition) -> int | None:
        return self.highwaters.get(partition)

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
        self.watch = LagWatch(self.assignment, Settings())
        self.begun: dict[TopicPartition, datetime] = {}
        """The long transactions that Kafka knows."""
        self.asked: list[Mapping[TopicPartition, int]] = []

    async def begun_at(
        self, _settings: Settings, stable: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, datetime]:
        self.asked.append(stable)
        return {each: self.begun[each] for each in stable if each in self.begun}

    def fetch(self, *offsets: int, written_at: float, partition: TopicPartition = PLACE) -> None:
        """Put records in flight, one written each second from `written_at` on."""
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
    monkeypatch.setattr(lag, "begun_at", made.begun_at)
    yield made
    made.watch._show({}, made.now)


def _shown(partition: TopicPartition) -> tuple[float | None, float | None]:
    labels = {"topic": partition.topic, "partition": str(partition.partition)}
    names = ("klantcontact_lag_records", "klantcontact_oldest_unprocessed_age_seconds")
    records, age = (REGISTRY.get_sample_value(name, labels) for name in names)
    return records, age


async def test_a_consumer_at_the_end_is_not_behind(bench: _Bench) -> None:
    assert await bench.look() == {PLACE: Lag(0, 0.0)}
    assert _shown(PLACE) == (0, 0)


async def test_records_in_flight_count_until_they_are_handled_and_wait_since_they_were_written(bench: _Bench) -> None:
    bench.fetch(90, 91, 95, written_at=940)
    assert await bench.look() == {PLACE: Lag(10, 60.0)}
    bench.assignment.backlog.handled(PLACE, 91)
    assert await bench.look() == {PLACE: Lag(9, 59.0)}
    bench.assignment.backlog.handled(PLACE, 96)
    assert await bench.look() == {PLACE: Lag(0, 0.0)}


async def test_the_older_of_two_fetches_in_flight_counts(bench: _Bench) -> None:
    bench.fetch(90, 91, written_at=940)
    bench.fetch(92, 93, written_at=970)
    assert await bench.look() == {PLACE: Lag(10, 60.0)}
    bench.assignment.backlog.handled(PLACE, 92)
    assert await bench.look() == {PLACE: Lag(8, 30.0)}


async def test_records_that_are_not_fetched_yet_wait_since_they_were_seen(bench: _Bench) -> None:
    bench.consumer.ends[PLACE] = 103
    assert await bench.look() == {PLACE: Lag(3, 0.0)}
    bench.now += 20
    assert await bench.look() == {PLACE: Lag(3, 20.0)}
    bench.consumer.positions[PLACE] = 103
    await bench.look()
    bench.consumer.ends[PLACE] = 104
    bench.now += 20
    assert await bench.look() == {PLACE: Lag(1, 0.0)}


async def test_records_in_flight_grow_older_while_kafka_is_away(bench: _Bench) -> None:
    bench.fetch(90, written_at=940)
    await bench.look()
    bench.consumer.answers = False
    bench.now += 100
    assert await bench.look() == {PLACE: Lag(10, 160.0)}


async def test_the_last_lag_stays_while_kafka_is_away(bench: _Bench) -> None:
    await bench.look()
    bench.consumer.answers = False
    assert await bench.look() == {PLACE: Lag(0, 0.0)}


async def test_a_partition_without_a_leader_does_not_keep_others_from_being_measured(
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


async def test_records_in_flight_before_a_rebalance_no_longer_count(bench: _Bench) -> None:
    bench.fetch(90, written_at=940)
    await bench.assignment.on_partitions_revoked([PLACE])
    await bench.assignment.on_partitions_assigned([PLACE])
    assert await bench.look() == {PLACE: Lag(0, 0.0)}


async def test_readiness_shows_the_sum_and_the_oldest(bench: _Bench) -> None:
    bench.consumer.positions[OTHER], bench.consumer.ends[OTHER] = 0, 5
    bench.fetch(90, written_at=940)
    await bench.look()
    assert bench.watch.facts() == {
        "lag_records": 15,
        "oldest_unprocessed_seconds": 60.0,
        "open_transactions": [],
    }


# Open transactions ---------------------------------------------------------------------------------------------------


def _age_shown(partition: TopicPartition) -> float | None:
    labels = {"topic": partition.topic, "partition": str(partition.partition)}
    return REGISTRY.get_sample_value("klantcontact_open_transaction_age_seconds", labels)


async def test_records_behind_a_transaction_count_and_wait_since_it_began(bench: _Bench) -> None:
    bench.consumer.highwaters[PLACE] = 112
    bench.begun[PLACE] = datetime.fromtimestamp(700, UTC)
    first = await bench.look()
    second = await bench.look()
    bench.now += 20
    third = await bench.look()

    assert first == {PLACE: Lag(12, 0.0)}
    assert second == {PLACE: Lag(12, 300.0)}
    assert third == {PLACE: Lag(12, 320.0)}
    assert _age_shown(PLACE) == 320
    assert bench.watch.facts()["open_transactions"] == [
        {"topic": "contact.ended", "partition": 0, "since": "1970-01-01T00:11:40+00:00"}
    ]
    assert bench.asked == [{PLACE: 100}], "once known, it is not asked for again"


async def test_records_in_flight_are_older_than_the_transaction(bench: _Bench) -> None:
    bench.fetch(90, written_at=500)
    bench.consumer.highwaters[PLACE] = 112
    bench.begun[PLACE] = datetime.fromtimestamp(700, UTC)
    await bench.look()
    assert await bench.look() == {PLACE: Lag(22, 500.0)}


async def test_transactions_that_come_and_go_are_not_asked_about(bench: _Bench) -> None:
    for _ in range(3):
        await bench.look()
        bench.consumer.ends[PLACE] += 5
        bench.consumer.highwaters[PLACE] = bench.consumer.ends[PLACE] + 1
    assert bench.asked == []


async def test_a_transaction_that_opened_recently_counts_and_is_not_reported(bench: _Bench) -> None:
    bench.consumer.highwaters[PLACE] = 112
    await bench.look()
    bench.now += 5
    assert await bench.look() == {PLACE: Lag(12, 5.0)}
    assert (bench.watch.facts()["open_transactions"], _age_shown(PLACE)) == ([], 0)


async def test_the_lag_and_the_report_go_when_the_transaction_ends(bench: _Bench) -> None:
    bench.consumer.highwaters[PLACE] = 112
    bench.begun[PLACE] = datetime.fromtimestamp(700, UTC)
    await bench.look()
    await bench.look()
    bench.consumer.positions[PLACE] = bench.consumer.ends[PLACE] = 113
    assert await bench.look() == {PLACE: Lag(0, 0.0)}
    assert (bench.watch.facts()["open_transactions"], _age_shown(PLACE)) == ([], 0)


async def test_the_next_transaction_has_a_beginning_of_its_own(bench: _Bench) -> None:
    bench.consumer.highwaters[PLACE] = 112
    bench.begun[PLACE] = datetime.fromtimestamp(700, UTC)
    await bench.look()
    await bench.look()
    bench.consumer.positions[PLACE] = bench.consumer.ends[PLACE] = 110
    await bench.look()
    told = bench.watch.facts()["open_transactions"]
    bench.begun[PLACE] = datetime.fromtimestamp(900, UTC)
    await bench.look()
    assert (told, _age_shown(PLACE)) == ([], 100)


async def test_a_partition_that_is_given_up_reports_no_transaction(bench: _Bench) -> None:
    bench.consumer.highwaters[PLACE] = 112
    bench.begun[PLACE] = datetime.fromtimestamp(700, UTC)
    await bench.look()
    await bench.look()
    await bench.assignment.on_partitions_revoked([PLACE])
    await bench.look()
    assert (bench.watch.facts()["open_transactions"], _age_shown(PLACE)) == ([], None)
