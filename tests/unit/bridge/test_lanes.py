"""Lanes keep the order of one klantcontact, run different ones side by side, and commit what is done without a gap."""

import asyncio
from datetime import UTC, datetime

from aiokafka import TopicPartition

from services.bridge.kafka.lanes import MAX_WAITING, Lanes
from services.bridge.meant import A_LOOK
from services.bridge.triggers import Asking, KlantcontactAsked
from services.runtime.kafka.records import Record

PLACE = TopicPartition("klantcontact.registered", 0)


def record(offset: int) -> Record:
    return Record(PLACE.topic, PLACE.partition, offset, datetime(2026, 11, 30, tzinfo=UTC), None, None, ())


def asked(name: str) -> Asking:
    return KlantcontactAsked(name, A_LOOK)


class Work:
    """Handles when the test allows it."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.may_end: dict[int, asyncio.Event] = {}

    async def handle(self, asking: Asking, taken: Record) -> None:
        self.begun.append((asking.id, taken.offset))
        await self.may_end.setdefault(taken.offset, asyncio.Event()).wait()

    async def end(self, *offsets: int) -> None:
        for offset in offsets:
            self.may_end.setdefault(offset, asyncio.Event()).set()
        await turns()


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_order_is_kept_by_klantcontact_and_the_commit_has_no_gap() -> None:
    work = Work()
    lanes = Lanes(4, work.handle)
    for offset, name in enumerate(["a", "b", "a", "d"]):  # three lanes
        lanes.take(record(offset), asked(name))
    lanes.take(record(4), None)
    tasks = lanes.running()
    await turns()
    assert sorted(work.begun) == [("a", 0), ("b", 1), ("d", 3)]

    await work.end(1, 3)
    assert lanes.committable() == {PLACE: 0}
    await work.end(0)
    assert work.begun[-1] == ("a", 2)
    assert lanes.committable() == {PLACE: 2}
    await work.end(2)
    assert lanes.committable() == {PLACE: 5}
    for task in tasks:
        task.cancel()


async def test_what_was_under_way_at_a_rebalance_commits_nothing_afterwards() -> None:
    work = Work()
    lanes = Lanes(1, work.handle)
    for offset in (0, 1):
        lanes.take(record(offset), asked("a"))
    tasks = lanes.running()
    await turns()
    lanes.forget()
    lanes.take(record(0), asked("a"))
    await work.end(0)
    assert [offset for _, offset in work.begun] == [0, 0]
    assert lanes.committable() == {PLACE: 1}
    for task in tasks:
        task.cancel()


async def test_lanes_that_end_finish_what_they_are_at() -> None:
    work = Work()
    lanes = Lanes(2, work.handle)
    for offset in (0, 1):
        lanes.take(record(offset), asked("a"))
    tasks = lanes.running()
    await turns()
    lanes.end()
    await work.end(0, 1)
    assert all(task.done() for task in tasks)
    assert lanes.committable() == {PLACE: 1}


async def test_no_more_is_taken_than_memory_has_a_bound_for() -> None:
    work = Work()
    lanes = Lanes(1, work.handle)
    for offset in range(MAX_WAITING):
        lanes.take(record(offset), asked("a"))
    waiting = asyncio.create_task(lanes.room())
    await turns()
    assert not waiting.done()
    [task] = lanes.running()
    await turns()
    assert waiting.done()
    task.cancel()
