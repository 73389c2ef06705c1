"""What the projector does with a batch: write, then commit; wait for what is away; stop a partition at an event that it
can't project; pass over what is not ours.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from services.projector import batch as batches
from services.projector import handler
from services.projector.batch import read_all
from services.projector.errors import DocumentRefused
from services.projector.events import Fact
from services.projector.handler import Projector
from services.projector.mongo.writes import Collection
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.records import OversizedBatch, Record
from services.runtime.observe.health import Health, Part
from services.runtime.stops.stop import Stop
from services.runtime.stops.stops import Stops
from tests.fakes.projector_positions import FakePositions
from tests.fakes.projector_store import FakeRegister
from tests.fakes.stop_store import FakeStopStore
from tests.support.projector_examples import (
    OWN_SOURCES,
    Event,
    encoded,
    klantcontact_id,
    record_of,
    registered,
    taak_created,
)

FIRST, SECOND = TopicPartition("klantcontact.registered", 0), TopicPartition("taak.created", 3)


class _Register(FakeRegister):
    """A register that fails once for each of `failures`, and always on a klantcontact about one of `mistakes`."""

    def __init__(self, failures: Sequence[Exception] = (), mistakes: Mapping[str, Exception] | None = None) -> None:
        super().__init__()
        self._failures = list(failures)
        self._mistakes = mistakes or {}

    async def apply(self, facts: Sequence[Fact]) -> None:
        if self._failures:
            raise self._failures.pop(0)
        for fact in facts:
            if fact.model is KlantcontactRegistered and fact.data["klantcontact"]["onderwerp"] in self._mistakes:
                raise self._mistakes[fact.data["klantcontact"]["onderwerp"]]
        await super().apply(facts)


class _Bench:
    """A projector on fakes."""

    def __init__(self, register: _Register | None = None, positions: FakePositions | None = None) -> None:
        self.register = register or _Register()
        self.positions = positions or FakePositions()
        self.health = Health()
        self.ending = Ending()
        self.stop_store = FakeStopStore()
        self.stops = Stops(self.health, self.stop_store)
        self.projector = Projector(self.register, self.positions, self.health, self.ending)

    async def handle(self, records: Sequence[Record]) -> None:
        await self.projector.project(await read_all(records, OWN_SOURCES), self.stops)

    @property
    def stop(self) -> Stop:
        """The only stop."""
        [stop] = self.stops._by_place.values()
        return stop

    @property
    def klantcontacten(self) -> set[str]:
        return set(self.register.collections[Collection.KLANTCONTACTEN])


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "pauses", lambda: repeat(0.0))


def records(*events: Event, partition: TopicPartition = FIRST, start: int = 10) -> list[Record]:
    return [record_of(partition, start + number, encoded(event)) for number, event in enumerate(events)]


def broken(contact: str = "c-9") -> Event:
    """Return an event of ours that can't be read."""
    return registered(contact, fields={"nummer": "van Sam Jansen"})


async def test_a_batch_is_written_and_the_position_of_each_partition_is_committed() -> None:
    bench = _Bench()

    with capture_logs() as logs:
        await bench.handle([*records(registered("c-1"), registered("c-2")), *records(taak_created(), partition=SECOND)])

    assert bench.klantcontacten == {klantcontact_id("c-1"), klantcontact_id("c-2")}
    assert bench.positions.committed == {FIRST: 12, SECOND: 11}
    assert {"event": "projector.batch_committed", "events": 3, "partitions": 2, "log_level": "info"} in logs
    assert bench.health.ready()


async def test_a_batch_that_is_too_large_to_unpack_is_passed_over_and_its_end_is_committed() -> None:
    bench = _Bench()
    standing_for_it = replace(record_of(FIRST, 16, None), oversized=OversizedBatch.of(11, 16))
    alone = replace(record_of(SECOND, 5, None), oversized=OversizedBatch.of(5, 5))

    with capture_logs() as logs:
        await bench.handle([*records(registered("c-1")), standing_for_it, alone, *records(registered("c-2"), start=17)])
    assert bench.klantcontacten == {klantcontact_id("c-1"), klantcontact_id("c-2")}
    assert bench.positions.committed == {FIRST: 18, SECOND: 6}
    assert [each["last_offset"] for each in logs if each["event"] == "batch.oversized"] == [16, 5]

    await bench.handle([replace(record_of(FIRST, 18, None), oversized=OversizedBatch.of(18, 18))])
    assert bench.positions.committed[FIRST] == 19


async def test_after_a_stop_no_batch_is_passed_over() -> None:
    bench = _Bench()
    standing_for_it = replace(record_of(FIRST, 16, None), oversized=OversizedBatch.of(11, 16))

    broken = record_of(FIRST, 11, encoded(registered("c-9") | {"data": {}}))
    await bench.handle([*records(registered("c-1")), broken, standing_for_it])

    assert bench.positions.committed == {FIRST: 11}


async def test_the_time_until_it_is_stored_is_measured_for_each_event() -> None:
    names = ("klantcontact_decided_to_stored_seconds_count", "klantcontact_contact_to_stored_seconds_count")
    before = [REGISTRY.get_sample_value(name) or 0 for name in names]
    sums_before = [REGISTRY.get_sample_value(name.replace("_count", "_sum")) or 0 for name in names]

    await _Bench().handle([*records(registered("c-1"), registered("c-2")), *records(taak_created(), partition=SECOND)])

    assert [(REGISTRY.get_sample_value(name) or 0) for name in names] == [before[0] + 3, before[1] + 2]
    sums = [REGISTRY.get_sample_value(name.replace("_count", "_sum")) or 0 for name in names]
    # The events of the tests are of a day that has passed.
    assert all(after - first > 1 for first, after in zip(sums_before, sums, strict=True))


async def test_a_stop_shows_in_the_metrics() -> None:
    bench = _Bench()
    await bench.handle([*records(broken()), *records(broken(), partition=SECOND)])
    assert REGISTRY.get_sample_value("klantcontact_stopped") == 2
    bench.stops.end()
    assert REGISTRY.get_sample_value("klantcontact_stopped") == 0


async def test_a_batch_that_is_not_written_is_not_committed() -> None:
    mistakes: Mapping[str, Exception] = {"x": DocumentRefused(["nummer: another document has it"])}
    bench = _Bench(_Register(mistakes=mistakes))

    await bench.handle(records(registered(fields={"onderwerp": "x"})))

    assert bench.positions.committed == {}


async def test_the_projector_waits_for_the_database_and_skips_nothing() -> None:
    away = TransientFailure("MongoDB does not answer.", part=Part.MONGODB)
    bench = _Bench(_Register(failures=[away, away]))
    before = REGISTRY.get_sample_value("klantcontact_transient_failures_total", {"part": "mongodb"}) or 0

    with capture_logs() as logs:
        await bench.handle(records(registered()))

    assert bench.klantcontacten == {klantcontact_id("c-1")}
    assert bench.positions.committed == {FIRST: 11}
    assert REGISTRY.get_sample_value("klantcontact_transient_failures_total", {"part": "mongodb"}) == before + 2
    assert {
        "event": "health.lost",
        "part": "mongodb",
        "reason": "MongoDB does not answer.",
        "log_level": "warning",
    } in logs
    assert bench.health.ready()


async def test_the_projector_waits_for_kafka_to_take_a_position() -> None:
    away = TransientFailure("Kafka does not take our position.", part=Part.KAFKA)
    bench = _Bench(positions=FakePositions([away]))

    await bench.handle(records(registered()))

    assert bench.positions.committed == {FIRST: 11}
    assert bench.health.ready()


async def test_a_projector_asked_to_end_while_the_database_is_away_leaves_the_batch_undone() -> None:
    bench = _Bench(_Register(failures=[TransientFailure(part=Part.MONGODB)] * 3))
    bench.ending.ask()

    await asyncio.wait_for(bench.handle(records(registered())), timeout=5)

    assert bench.klantcontacten == set()
    assert bench.positions.committed == {}
    assert not bench.stops.partitions


async def test_a_position_that_the_group_refuses_after_a_rebalance_does_no_harm() -> None:
    bench = _Bench(positions=FakePositions([PartitionLost()]))

    with capture_logs() as logs:
        await bench.handle(records(registered("c-1")))
    await bench.handle(records(registered("c-1"), registered("c-2")))

    assert {"event": "projector.commit_refused", "events": 1, "partitions": 1, "log_level": "warning"} in logs
    assert bench.positions.committed == {FIRST: 12}
    assert bench.klantcontacten == {klantcontact_id("c-1"), klantcontact_id("c-2")}


async def test_any_other_failure_to_commit_is_not_swallowed() -> None:
    bench = _Bench(positions=FakePositions([RuntimeError("no right to this group")]))

    with pytest.raises(RuntimeError):
        await bench.handle(records(registered()))


async def test_an_unreadable_event_stops_the_projector_after_the_events_before_it() -> None:
    bench = _Bench()
    before = REGISTRY.get_sample_value("klantcontact_own_failures_total") or 0
    unreadable = registered("c-2", fields={"nummer": "van Sam Jansen"})

    with capture_logs() as logs:
        await bench.handle(records(registered("c-1"), unreadable, registered("c-3")))

    reason = "nl.klantinteracties.klantcontact.registered.data.klantcontact.nummer: string_pattern_mismatch"
    assert bench.klantcontacten == {klantcontact_id("c-1")}
    assert bench.positions.committed == {FIRST: 11}
    assert REGISTRY.get_sample_value("klantcontact_own_failures_total") == before + 1
    assert {
        "event": "partition.stopped",
        "topic": "klantcontact.registered",
        "partition": 0,
        "offset": 11,
        "reasons": [reason],
        "log_level": "error",
    } in logs
    assert bench.health.reasons()["service"] == (
        "stopped at klantcontact.registered, partition 0, offset 11, where our own code fails: " + reason
    )
    assert "Jansen" not in str(logs)


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        (
            DocumentRefused(["klantcontact.nummer: another document has it"]),
            "klantcontact.nummer: another document has it",
        ),
        (ValueError("van Sam Jansen"), "ValueError in test_handler.py, line "),
    ],
)
async def test_an_unwritable_event_stops_the_projector_after_the_events_before_it(
    position: int, mistake: Exception, reason: str
) -> None:
    bench = _Bench(_Register(mistakes={"mistake": mistake}))
    contacts = [f"c-{number}" for number in range(5)]
    batch = records(
        *(
            registered(contact, fields={"onderwerp": "mistake" if number == position else "goed"})
            for number, contact in enumerate(contacts)
        )
    )

    with capture_logs() as logs:
        await bench.handle(batch)

    assert bench.klantcontacten == {klantcontact_id(contact) for contact in contacts[:position]}
    assert bench.positions.committed == ({FIRST: 10 + position} if position else {})
    stop = bench.stop
    assert ((stop.topic, stop.partition), stop.offset, len(stop.reasons)) == (FIRST, 10 + position, 1)
    assert stop.reasons[0].startswith(reason)
    assert "Jansen" not in str(logs)


async def test_the_first_of_two_events_that_cant_be_projected_stops_the_projector() -> None:
    bench = _Bench(_Register(mistakes={"mistake": DocumentRefused(["first"])}))
    unreadable = registered("c-2", fields={"nummer": None})

    await bench.handle(records(registered("c-1", fields={"onderwerp": "mistake"}), unreadable))

    stop = bench.stop
    assert (stop.offset, list(stop.reasons)) == (10, ["first"])


async def test_after_a_stop_nothing_more_is_done_in_its_partition_and_the_others_go_on() -> None:
    bench = _Bench()
    await bench.handle([*records(broken()), *records(registered("c-1"), partition=SECOND)])

    await bench.handle([*records(registered("c-2"), start=11), *records(registered("c-3"), start=11, partition=SECOND)])

    assert bench.klantcontacten == {klantcontact_id("c-1"), klantcontact_id("c-3")}
    assert bench.positions.committed == {SECOND: 12}
    assert bench.positions.paused == {FIRST}


async def test_one_event_that_cant_be_written_in_each_of_two_partitions_stops_both_and_no_other() -> None:
    third = TopicPartition("taak.created", 4)
    bench = _Bench(_Register(mistakes={"mistake": DocumentRefused(["no"])}))
    mistake = {"onderwerp": "mistake"}

    await bench.handle(
        [
            *records(registered("c-1"), registered("c-2", fields=mistake), registered("c-3")),
            *records(registered("c-4", fields=mistake), registered("c-5"), partition=SECOND),
            *records(registered("c-6"), registered("c-7"), partition=third),
        ]
    )

    assert bench.klantcontacten == {klantcontact_id(each) for each in ("c-1", "c-6", "c-7")}
    assert bench.positions.committed == {FIRST: 11, third: 12}
    assert bench.positions.paused == {FIRST, SECOND}
    assert bench.health.reasons()["service"] == (
        "stopped at klantcontact.registered, partition 0, offset 11, where our own code fails: no; "
        "stopped at taak.created, partition 3, offset 10, where our own code fails: no"
    )


async def test_a_stop_goes_with_the_assignment_also_when_the_batch_was_in_flight() -> None:
    bench = _Bench()
    for part in (Part.KAFKA, Part.MONGODB):
        bench.health.set(part, None, by="test")
    await bench.handle(records(broken()))
    assert not bench.health.ready()

    bench.stops.end()
    assert bench.health.ready()
    with capture_logs() as logs:
        await bench.handle(records(broken(), partition=SECOND))

    assert bench.health.ready()
    assert bench.positions.paused == {FIRST}
    assert "partition.stopped" not in {line["event"] for line in logs}


def passed_over(reason: str) -> float:
    labels = {"topic": FIRST.topic, "reason": reason}
    return REGISTRY.get_sample_value("klantcontact_passed_over_records_total", labels) or 0


async def test_a_record_that_is_not_ours_is_passed_over_and_counted_and_committed() -> None:
    bench = _Bench()
    reasons = ["no_value", "no_json", "other_type", "other_source"]
    before = [passed_over(reason) for reason in reasons]
    elsewhere = registered("c-2") | {"source": "urn:nld:oin:00000001003214345000:systeem:Jansen"}
    foreign = [None, b"Sam Jansen", encoded(registered("c-2") | {"type": "Jansen"}), encoded(elsewhere)]

    with capture_logs() as logs:
        await bench.handle([record_of(FIRST, 10 + at, value) for at, value in enumerate(foreign)])
        await bench.handle([*records(registered("c-1"), start=14), record_of(FIRST, 15, None)])

    assert bench.klantcontacten == {klantcontact_id("c-1")}
    assert bench.positions.committed == {FIRST: 16}
    assert [passed_over(reason) for reason in reasons] == [before[0] + 2, *(each + 1 for each in before[1:])]
    assert bench.health.ready()
    assert [line for line in logs if line["event"] == "projector.passed_over"] == [
        {
            "event": "projector.passed_over",
            "topic": FIRST.topic,
            "partition": 0,
            "offset": 10,
            "reason": "no_value",
            "log_level": "warning",
        }
    ]
    assert "Jansen" not in str(logs)


async def test_a_marker_is_committed_and_nothing_is_said_of_it() -> None:
    bench = _Bench()
    before = passed_over("no_value")
    marker = replace(record_of(FIRST, 9, None), key=b"klantcontact.marker")

    with capture_logs() as logs:
        await bench.handle([marker, *records(registered("c-1"), start=10)])

    assert bench.positions.committed == {FIRST: 11}
    assert passed_over("no_value") == before
    assert "projector.passed_over" not in {each["event"] for each in logs}


async def test_a_record_that_is_not_ours_behind_a_stop_waits_with_the_rest() -> None:
    bench = _Bench()
    before = passed_over("no_value")

    await bench.handle([record_of(FIRST, 9, None), *records(broken()), record_of(FIRST, 11, None)])

    assert bench.positions.committed == {FIRST: 10}
    assert passed_over("no_value") == before + 1


async def test_an_event_on_which_reading_itself_fails_stops_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_value: bytes | None, _own_sources: frozenset[str]) -> Fact:
        raise KeyError("Sam Jansen")

    monkeypatch.setattr(batches, "read", fails)
    bench = _Bench()

    await bench.handle(records(registered()))

    stop = bench.stop
    assert stop.reasons[0].startswith("KeyError in test_handler.py, line ")
