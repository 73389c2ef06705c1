"""How batches follow each other: one is read while the one before is written. A stop ends with its assignment."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.projector import subscriber
from services.projector.batch import MAX_BATCH_BYTES, TURN_RECORDS
from services.projector.events import Fact
from services.projector.handler import Projector
from services.projector.mongo.writes import Collection
from services.projector.subscriber import Batches
from services.runtime.ending import Ending
from services.runtime.kafka.assignment import Backlog
from services.runtime.observe.health import Health
from services.runtime.stops.stop import Stop
from services.runtime.stops.stops import Stops
from tests.fakes.projector_positions import FakePositions
from tests.fakes.projector_store import FakeRegister
from tests.fakes.stop_store import FakeStopStore
from tests.support.projector_examples import OWN_SOURCES, encoded, klantcontact_id, registered

PLACE = TopicPartition("klantcontact.registered", 0)
OTHER = TopicPartition("klantcontact.registered", 1)
BROKEN = registered("c-1", fields={"nummer": "van Sam Jansen"})
TURNS = 20
"""More turns of the event loop than a batch needs when nothing holds it up."""


class _SlowRegister(FakeRegister):
    """A register that writes a batch when the test allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[int] = []
        self.may_write = asyncio.Event()

    async def apply(self, facts: Sequence[Fact]) -> None:
        self.begun.append(len(facts))
        await self.may_write.wait()
        await super().apply(facts)


class _Consumer:
    """Knows what the group has committed."""

    def assignment(self) -> set[TopicPartition]:
        return {PLACE, OTHER}

    async def committed(self, _: TopicPartition) -> int:
        return 2


class _Bench:
    """The writer of batches, not connected to anything."""

    def __init__(self, *failures: Exception) -> None:
        self.register = _SlowRegister()
        self.positions = FakePositions(failures)
        self.ending = Ending()
        self.stop_store = FakeStopStore()
        self.health = Health()
        projector = Projector(self.register, self.positions, self.health, self.ending)
        stops = partial(Stops, self.health, self.stop_store)
        self.batches = Batches(projector, self.positions, OWN_SOURCES, stops, self.ending, Backlog())

    async def between_polls(self) -> None:
        """Poll when it is time for a look; the group has committed 2 in each partition."""
        self.batches._stops._looked = -1_000.0
        await self.batches.between_polls(cast("AIOKafkaConsumer", _Consumer()))

    async def handle(self, *records: "ConsumerRecord[bytes, bytes]") -> None:
        await self.batches.handle({PLACE: records})


def record(contact: str, offset: int) -> "ConsumerRecord[bytes, bytes]":
    return fetched(encoded(registered(contact)), offset)


def broken(offset: int) -> "ConsumerRecord[bytes, bytes]":
    return fetched(encoded(registered(fields={"nummer": None})), offset)


def fetched(value: bytes, offset: int) -> "ConsumerRecord[bytes, bytes]":
    return ConsumerRecord(PLACE.topic, PLACE.partition, offset, 0, 0, None, value, None, 0, len(value), ())


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_a_batch_is_taken_while_the_one_before_is_written_and_written_after_it() -> None:
    bench = _Bench()

    await bench.handle(record("c-1", 1))
    second = asyncio.create_task(bench.handle(record("c-2", 2), record("c-3", 3)))
    await turns()
    assert bench.register.begun == [1]
    assert not second.done()

    bench.register.may_write.set()
    await second
    await bench.batches.finish(5)
    assert bench.register.begun == [1, 2]
    assert bench.positions.committed == {PLACE: 4}


async def test_others_get_a_turn_while_a_batch_is_read() -> None:
    bench = _Bench()
    reading = asyncio.create_task(bench.handle(*(record(f"c-{each}", each) for each in range(3 * TURN_RECORDS))))

    turns_meanwhile = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns_meanwhile += 1

    assert turns_meanwhile >= 3
    bench.register.may_write.set()
    await bench.batches.finish(5)


async def test_a_large_fetch_is_written_in_several_batches() -> None:
    bench = _Bench()
    bench.register.may_write.set()
    event = encoded(registered("c-1"))
    # Blanks between the parts of JSON say nothing, and weigh what a large event weighs.
    heavy = event[:1] + b" " * (MAX_BATCH_BYTES // 2) + event[1:]

    await bench.batches.handle({PLACE: [fetched(heavy, 1), fetched(heavy, 2), fetched(event, 3), fetched(event, 4)]})
    await bench.batches.finish(5)

    assert bench.register.begun == [1, 3]
    assert bench.positions.committed == {PLACE: 5}


async def test_a_stop_lasts_until_the_group_assigns_anew() -> None:
    bench = _Bench()
    bench.register.may_write.set()

    await bench.handle(broken(1))
    await bench.handle(record("c-2", 2))
    await turns()
    assert "service" in bench.health.reasons()
    assert bench.positions.paused == {PLACE}
    assert bench.positions.committed == {}

    await bench.batches.on_partitions_revoked({PLACE})
    assert "service" not in bench.health.reasons()
    await bench.batches.on_partitions_assigned({PLACE})
    await bench.handle(record("c-1", 1), record("c-2", 2))
    await bench.batches.finish(5)
    assert set(bench.register.collections[Collection.KLANTCONTACTEN]) == {
        klantcontact_id("c-1"),
        klantcontact_id("c-2"),
    }
    assert bench.positions.committed == {PLACE: 3}


async def test_a_batch_of_a_former_assignment_stops_nothing() -> None:
    bench = _Bench()

    await bench.handle(record("c-1", 1), broken(2))
    await turns()
    await bench.batches.on_partitions_revoked({PLACE})
    await bench.batches.on_partitions_assigned({PLACE})
    bench.register.may_write.set()
    await bench.batches.finish(5)

    assert "service" not in bench.health.reasons()
    assert bench.positions.paused == set()


async def test_a_projector_asked_to_end_finishes_the_batch_in_flight_and_begins_no_other() -> None:
    bench = _Bench()

    await bench.handle(record("c-1", 1))
    await turns()
    bench.ending.ask()
    bench.register.may_write.set()
    await bench.handle(record("c-2", 2))
    await bench.batches.finish(5)

    assert set(bench.register.collections[Collection.KLANTCONTACTEN]) == {klantcontact_id("c-1")}
    assert bench.positions.committed == {PLACE: 2}


async def test_a_failure_to_commit_ends_the_process() -> None:
    bench = _Bench(RuntimeError("no right to this group"))
    bench.register.may_write.set()

    await bench.handle(record("c-1", 1))

    with pytest.raises(RuntimeError, match="no right"):
        await asyncio.wait_for(bench.ending.wait(), timeout=5)


async def test_a_stopped_partition_goes_on_behind_its_record_when_an_operator_had_it_skipped() -> None:
    bench = _Bench()
    bench.register.may_write.set()
    await bench.handle(ConsumerRecord(*PLACE, 1, 0, 0, None, encoded(BROKEN), None, 0, 0, ()))
    await bench.batches.finish(5)
    assert bench.positions.paused == {PLACE}

    bench.stop_store.ask(PLACE)
    await bench.between_polls()
    assert (bench.positions.paused, bench.positions.sought) == (set(), {PLACE: 1})
    await bench.handle(ConsumerRecord(*PLACE, 1, 0, 0, None, encoded(BROKEN), None, 0, 0, ()), record("c-2", 2))
    await bench.batches.finish(5)
    assert bench.positions.committed == {PLACE: 2}, "the records behind it are fetched anew"

    await bench.between_polls()
    assert bench.positions.sought == {PLACE: 2}
    assert "service" not in bench.health.reasons()
    await bench.handle(record("c-2", 2))
    await bench.batches.finish(5)
    assert bench.positions.committed == {PLACE: 3}
    assert [stop.offset for stop in bench.stop_store.skipped] == [1]


async def test_a_stopped_partition_does_not_go_on_while_a_batch_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "WRITING_SECONDS", 0.01)
    bench = _Bench()
    bench.register.may_write.set()
    await bench.handle(ConsumerRecord(*PLACE, 1, 0, 0, None, encoded(BROKEN), None, 0, 0, ()))
    await bench.batches.finish(5)
    bench.register.may_write.clear()
    await bench.handle(ConsumerRecord(*OTHER, 1, 0, 0, None, encoded(registered("c-2")), None, 0, 0, ()))
    bench.stop_store.ask(PLACE)

    await bench.between_polls()
    assert bench.positions.sought == {}
    bench.register.may_write.set()
    await bench.batches.finish(5)
    await bench.between_polls()
    assert bench.positions.sought == {PLACE: 1}


async def test_a_stop_that_the_group_has_passed_is_forgotten_and_another_is_not() -> None:
    bench = _Bench()
    for place, offset in ((PLACE, 1), (OTHER, 7)):
        await bench.stop_store.meet(Stop(place.topic, place.partition, offset, ["no"]), begins=True)

    await bench.between_polls()
    assert set(bench.stop_store.stops) == {OTHER}
