"""The projector writes a batch, then commits; it waits for absent servers, and stops at an event it can't project."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from services.projector import handler
from services.projector.errors import DocumentRefused
from services.projector.events import Fact
from services.projector.handler import Projector, read_all
from services.projector.mongo.writes import Collection
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.records import OversizedBatch, Record
from services.runtime.observe import metrics
from services.runtime.observe.health import Health, Part
from tests.fakes.projector_positions import FakePositions
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import Event, encoded, klantcontact_id, record_of, registered, taak_created

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
            if isinstance(fact, KlantcontactRegistered) and fact.klantcontact.onderwerp in self._mistakes:
                raise self._mistakes[fact.klantcontact.onderwerp]
        await super().apply(facts)


class _Bench:
    """A projector on fakes."""

    def __init__(self, register: _Register | None = None, positions: FakePositions | None = None) -> None:
        self.register = register or _Register()
        self.positions = positions or FakePositions()
        self.health = Health()
        self.ending = Ending()
        self.projector = Projector(self.register, self.positions, self.health, self.ending)

    async def handle(self, records: Sequence[Record]) -> None:
        await self.projector.project(read_all(records))

    @property
    def klantcontacten(self) -> set[str]:
        return set(self.register.collections[Collection.KLANTCONTACTEN])


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "pauses", lambda: repeat(0.0))


def records(*events: Event, partition: TopicPartition = FIRST, start: int = 10) -> list[Record]:
    return [record_of(partition, start + number, encoded(event)) for number, event in enumerate(events)]


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
    assert bench.projector.stop is None

    await bench.handle([replace(record_of(FIRST, 18, None), oversized=OversizedBatch.of(18, 18))])
    assert bench.positions.committed[FIRST] == 19


async def test_after_a_stop_no_batch_is_passed_over() -> None:
    bench = _Bench()
    standing_for_it = replace(record_of(FIRST, 16, None), oversized=OversizedBatch.of(11, 16))

    await bench.handle([*records(registered("c-1")), record_of(FIRST, 11, None), standing_for_it])

    assert bench.positions.committed == {FIRST: 11}
    assert bench.projector.stop is not None


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
    metrics.STOPPED.set(0)
    await _Bench().handle([record_of(FIRST, 10, None)])
    assert REGISTRY.get_sample_value("klantcontact_stopped") == 1


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
    assert bench.projector.stop is None


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
        "event": "projector.stopped",
        "topic": "klantcontact.registered",
        "partition": 0,
        "offset": 11,
        "reasons": [reason],
        "log_level": "error",
    } in logs
    assert bench.health.reasons()["service"] == (
        "stopped at klantcontact.registered, partition 0, offset 11, which can't be projected: " + reason
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
    stop = bench.projector.stop
    assert stop is not None
    assert ((stop.topic, stop.partition), stop.offset, len(stop.reasons)) == (FIRST, 10 + position, 1)
    assert stop.reasons[0].startswith(reason)
    assert "Jansen" not in str(logs)


async def test_the_first_of_two_events_that_cant_be_projected_stops_the_projector() -> None:
    bench = _Bench(_Register(mistakes={"mistake": DocumentRefused(["first"])}))
    unreadable = registered("c-2", fields={"nummer": None})

    await bench.handle(records(registered("c-1", fields={"onderwerp": "mistake"}), unreadable))

    stop = bench.projector.stop
    assert stop is not None
    assert (stop.offset, list(stop.reasons)) == (10, ["first"])


async def test_the_projector_does_nothing_more_after_a_stop() -> None:
    bench = _Bench()
    await bench.handle([record_of(FIRST, 10, None)])

    await bench.handle(records(registered(), partition=SECOND))

    assert bench.klantcontacten == set()
    assert bench.positions.committed == {}


async def test_an_event_on_which_the_reader_itself_fails_stops_the_projector_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_value: bytes | None) -> Fact:
        raise KeyError("Sam Jansen")

    monkeypatch.setattr(handler, "read", broken)
    bench = _Bench()

    await bench.handle(records(registered()))

    stop = bench.projector.stop
    assert stop is not None
    assert stop.reasons[0].startswith("KeyError in test_handler.py, line ")
