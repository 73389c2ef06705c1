"""The consumer group in readiness, on a clock that the test moves."""

from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.runtime.kafka import health
from services.runtime.kafka.assignment import Assignment
from services.runtime.kafka.health import GroupHealth
from services.runtime.observe.health import Health, Part

PLACE = TopicPartition("contact.ended", 0)
OTHER = TopicPartition("contact.ended", 1)
SILENT = {"kafka": "no answer to a fetch for 5 seconds"}
STALLED = {"kafka": "the consumer has not polled for 7 seconds"}


class _Consumer:
    """A consumer that last got an answer about PLACE at `answered_at`, and never one about another partition."""

    def __init__(self) -> None:
        self.answered_at: float | None = None
        self.assigned = {PLACE}
        self.paused_ones: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def paused(self) -> set[TopicPartition]:
        return self.paused_ones

    def last_poll_timestamp(self, partition: TopicPartition) -> float | None:
        return None if self.answered_at is None or partition is not PLACE else self.answered_at * 1000


class _Bench:
    """A member of a group, and the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(health, "time", SimpleNamespace(time=self._time, monotonic=self._time))
        self.consumer = _Consumer()
        self.polls = True
        self.assignment = Assignment()
        self.health = Health(waits_for=[Part.KAFKA])
        self.group_health = GroupHealth(self.health, self.assignment, assignment_seconds=30)

    def _time(self) -> float:
        return self.now

    def pass_seconds(self, seconds: int, *, answers: bool) -> dict[str, str]:
        """Check every second, and return the reasons of readiness at the end."""
        for _ in range(seconds):
            self.now += 1
            if self.polls:
                self.group_health.polling()
            if answers:
                self.consumer.answered_at = self.now
            self.group_health._look(cast("AIOKafkaConsumer", self.consumer))
        return self.health.reasons()

    async def assigned(self) -> None:
        await self.assignment.on_partitions_assigned([PLACE])


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> _Bench:
    return _Bench(monkeypatch)


async def test_kafka_is_not_well_before_the_group_assigns_partitions(bench: _Bench) -> None:
    assert bench.pass_seconds(5, answers=True) == {"kafka": "has not answered yet"}
    await bench.assigned()
    assert bench.pass_seconds(1, answers=True) == {}


async def test_a_rebalance_may_take_as_long_as_a_session(bench: _Bench) -> None:
    await bench.assigned()
    bench.pass_seconds(1, answers=True)
    await bench.assignment.on_partitions_revoked([PLACE])
    assert bench.pass_seconds(30, answers=True) == {}
    assert bench.pass_seconds(1, answers=True) == {"kafka": "the consumer group gives no partitions"}


async def test_a_silent_broker_is_reported_until_it_answers_again(bench: _Bench) -> None:
    await bench.assigned()
    assert bench.pass_seconds(20, answers=True) == {}
    assert bench.pass_seconds(5, answers=False) == {}
    assert bench.pass_seconds(1, answers=False) == SILENT
    assert bench.pass_seconds(1, answers=True) == {}


async def test_silence_does_not_count_while_a_fetch_is_handled_or_the_partitions_are_paused(bench: _Bench) -> None:
    await bench.assigned()
    bench.pass_seconds(1, answers=True)
    with bench.group_health.handling():
        assert bench.pass_seconds(20, answers=False) == {}
    assert bench.pass_seconds(5, answers=False) == {}
    bench.consumer.paused_ones = {PLACE}
    assert bench.pass_seconds(20, answers=False) == {}
    bench.consumer.paused_ones = set()
    assert bench.pass_seconds(5, answers=False) == {}
    assert bench.pass_seconds(1, answers=False) == SILENT


async def test_a_paused_partition_does_not_hide_that_another_is_silent(bench: _Bench) -> None:
    await bench.assigned()
    bench.consumer.assigned, bench.consumer.paused_ones = {PLACE, OTHER}, {OTHER}
    assert bench.pass_seconds(20, answers=True) == {}
    assert bench.pass_seconds(6, answers=False) == SILENT


async def test_a_partition_without_any_answer_yet_counts_as_silent(bench: _Bench) -> None:
    await bench.assigned()
    bench.consumer.assigned = {PLACE, OTHER}
    assert bench.pass_seconds(6, answers=True) == {}
    assert bench.pass_seconds(1, answers=True) == SILENT


async def test_a_fetch_of_one_partition_does_not_hide_that_another_is_silent(bench: _Bench) -> None:
    await bench.assigned()
    bench.consumer.assigned = {PLACE, OTHER}
    for _ in range(3):
        assert bench.pass_seconds(2, answers=True) == {}
        with bench.group_health.handling():
            bench.pass_seconds(3, answers=False)
    assert bench.pass_seconds(1, answers=True) == SILENT


async def test_a_fetch_that_was_handled_between_two_looks_is_an_answer(bench: _Bench) -> None:
    await bench.assigned()
    assert bench.pass_seconds(4, answers=False) == {}
    bench.consumer.answered_at = bench.now - 60
    with bench.group_health.handling():
        pass
    assert bench.pass_seconds(4, answers=False) == {}


async def test_a_consumer_that_stops_polling_is_reported_until_it_polls_again(bench: _Bench) -> None:
    await bench.assigned()
    bench.pass_seconds(1, answers=True)
    bench.polls = False
    assert bench.pass_seconds(7, answers=True) == {}
    assert bench.pass_seconds(1, answers=True) == STALLED
    bench.polls = True
    assert bench.pass_seconds(1, answers=True) == {}


async def test_a_consumer_need_not_poll_while_a_fetch_is_handled(bench: _Bench) -> None:
    await bench.assigned()
    bench.polls = False
    with bench.group_health.handling():
        assert bench.pass_seconds(20, answers=False) == {}
    assert bench.pass_seconds(5, answers=False) == {}


async def test_readiness_shows_the_assigned_partitions_and_the_last_poll(bench: _Bench) -> None:
    consumer = cast("AIOKafkaConsumer", bench.consumer)
    assert bench.group_health.facts(consumer) == {"assigned": None, "polled_seconds_ago": 0.0}
    await bench.assigned()
    bench.polls = False
    bench.pass_seconds(3, answers=True)
    assert bench.group_health.facts(consumer) == {"assigned": {"contact.ended": [0]}, "polled_seconds_ago": 3.0}


async def test_group_health_does_not_hide_the_reason_of_a_batch_in_flight(bench: _Bench) -> None:
    await bench.assigned()
    bench.health.set(Part.KAFKA, "Kafka does not take our position.", by="batch")
    assert bench.pass_seconds(5, answers=True) == {"kafka": "Kafka does not take our position."}


async def test_a_partition_that_is_full_is_not_asked_about_and_so_not_silent(
    bench: _Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {PLACE}
    monkeypatch.setattr(bench.assignment, "is_full", full.__contains__)
    await bench.assigned()
    assert bench.pass_seconds(20, answers=False) == {}
    full.clear()
    assert bench.pass_seconds(5, answers=False) == {}, "silence counts from when it is asked about again"
    assert bench.pass_seconds(1, answers=False) == SILENT
