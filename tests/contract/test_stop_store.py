"""The stops in memory and those in MongoDB keep the same promises to a service."""

from collections.abc import AsyncIterator
from itertools import chain, repeat
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from services.runtime.mongo.client import Document
from services.runtime.stops.stop import Meeting, Stop, StopStore
from services.runtime.stops.store import STOPS, MongoStops, stop_id
from tests.fakes.stop_store import FakeStopStore

HERE = Stop("contact.ended", 3, 41, ["KeyError in decide.py:12"])
LATER = Stop("contact.ended", 3, 42, ["KeyError in decide.py:12"])
ELSEWHERE = Stop("contact.ended", 4, 41, ["KeyError in decide.py:12"])


class InMemory:
    """The fake, and what happens to it from outside."""

    def __init__(self) -> None:
        self._fake = FakeStopStore()

    async def started_again(self) -> StopStore:
        """Return the store as the next start of a process has it."""
        self._fake.starts += 1
        return self._fake

    async def ask(self, stop: Stop) -> None:
        """Ask to skip, as an operator does."""
        self._fake.ask(stop.place)


class InMongo:
    """The real one, and what happens to it from outside."""

    def __init__(self, client: AsyncMongoClient[Document], database: str) -> None:
        self._database = client[database]
        self._stops: AsyncCollection[Document] = self._database[STOPS]

    async def started_again(self) -> StopStore:
        """Return the store as the next start of a process has it."""
        an_hour_ago = {"$subtract": ["$$NOW", 3_600_000]}
        await self._stops.update_many({}, [{"$set": {"met": an_hour_ago}}])
        times = chain([0], repeat(60))  # it started a minute ago
        return MongoStops(self._database, lambda: next(times))

    async def ask(self, stop: Stop) -> None:
        """Ask to skip, as an operator does."""
        await self._stops.update_one({"_id": stop_id(stop)}, {"$set": {"skip": {"by": "a", "reason": "b"}}})


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[InMemory | InMongo]:
    if request.param == "memory":
        yield InMemory()
        return
    uri, database = request.getfixturevalue("mongo_uri"), request.getfixturevalue("database")
    async with AsyncMongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        yield InMongo(client, database)


async def test_a_failure_where_nothing_has_stopped_is_passed_unless_it_begins_a_stop(world: InMemory | InMongo) -> None:
    store = await world.started_again()
    assert await store.meet(HERE, begins=False) is Meeting.PASS
    assert await store.known() == []
    assert await store.meet(HERE, begins=True) is Meeting.STOP
    assert [each.stop for each in await store.known()] == [HERE]


async def test_the_third_start_that_meets_a_stop_skips_and_one_start_counts_once(world: InMemory | InMongo) -> None:
    for start in (1, 2):
        store = await world.started_again()
        for _ in range(3):
            assert await store.meet(HERE, begins=True) is Meeting.STOP
        assert [each.starts for each in await store.known()] == [start]
    store = await world.started_again()
    assert await store.meet(HERE, begins=False) is Meeting.SKIP


async def test_an_instruction_counts_for_its_own_stop_only(world: InMemory | InMongo) -> None:
    store = await world.started_again()
    for stop in (HERE, ELSEWHERE):
        await store.meet(stop, begins=True)
    await world.ask(HERE)
    assert await store.meet(ELSEWHERE, begins=True) is Meeting.STOP
    assert await store.meet(HERE, begins=True) is Meeting.SKIP
    assert await store.meet(LATER, begins=True) is Meeting.STOP


async def test_a_stop_further_on_takes_the_place_of_the_former_one(world: InMemory | InMongo) -> None:
    await (await world.started_again()).meet(HERE, begins=True)
    store = await world.started_again()
    assert await store.meet(HERE, begins=True) is Meeting.STOP
    assert await store.meet(LATER, begins=False) is Meeting.PASS
    assert [(each.stop, each.starts) for each in await store.known()] == [(HERE, 2)]
    assert await store.meet(LATER, begins=True) is Meeting.STOP
    assert [(each.stop, each.starts) for each in await store.known()] == [(LATER, 1)]


async def test_a_stop_that_is_forgotten_is_gone_and_another_stays(world: InMemory | InMongo) -> None:
    store = await world.started_again()
    await store.meet(HERE, begins=True)
    await store.meet(ELSEWHERE, begins=True)
    await store.forget(HERE)
    assert [each.stop for each in await store.known()] == [ELSEWHERE]
