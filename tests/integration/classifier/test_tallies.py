"""The counts of decisions in MongoDB, when publishers make up more sources than there can be."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from schemas.positions import Position
from schemas.reading.decoding import Received, decode
from services.classifier.mongo.register import MongoRegister
from services.classifier.mongo.tallies import OTHERS_A_DAY, REST, TELLINGEN
from services.domain.case import Case, prepare
from services.domain.policy import DEFAULT, Beleid, Bron
from services.domain.sleutels import Sleutels
from services.operations.stats import By, stats
from services.runtime.settings import Settings
from tests.support.contacts import NOW, contact_ended, encoded

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
TODAY = NOW.date()
NAMED = "urn:a-named-one"
ALLOWED = "urn:an-allowed-one"


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield client


def _cases(sources: Sequence[str], contact_id: str) -> list[Case]:
    events = [contact_ended(contact_id) | {"source": source} for source in sources]
    received = [decode(encoded(event), (), NOW) for event in events]
    return [prepare(each, SLEUTELS, DEFAULT) for each in received if isinstance(each, Received)]


async def _decide(store: MongoRegister, sources: Sequence[str], *, at: datetime = NOW, contact: str = "c-1") -> None:
    cases = _cases(sources, contact)
    assert len(cases) == len(sources)
    await _judge(store, cases, at)


async def _judge(store: MongoRegister, cases: Sequence[Case], at: datetime) -> None:
    await store.transact(cases, lambda register: [register.judge(case, at) for case in cases])


def _store(client: AsyncMongoClient[dict[str, Any]], database: str) -> MongoRegister:
    return MongoRegister(client, database, Beleid(getelde_bronnen=frozenset({NAMED}), bronnen={ALLOWED: Bron()}))


def _made_up(number: int, first: int = 0) -> list[str]:
    return [f"urn:made-up:{each}" for each in range(first, first + number)]


async def _counted(mongo_uri: str, database: str, day: date = TODAY) -> Counter[str]:
    settings = Settings(mongo_uri=mongo_uri, mongo_database=database)
    counted = await stats(settings, by=[By.SOURCE], since=day, until=day)
    assert (await stats(settings)).total >= counted.total
    return Counter({each.values[0]: each.number for each in counted.counts})


async def test_a_hundred_made_up_sources_are_counted_by_name_and_the_rest_as_one(
    client: AsyncMongoClient[dict[str, Any]], mongo_uri: str, database: str
) -> None:
    store = _store(client, database)
    await store.prepare()
    await _decide(store, [*_made_up(OTHERS_A_DAY + 30), NAMED, ALLOWED])
    counted = await _counted(mongo_uri, database)
    assert len(counted) == OTHERS_A_DAY + 3
    assert (counted[REST], counted[NAMED], counted[ALLOWED]) == (30, 1, 1)
    assert await client[database][TELLINGEN].count_documents({}) == OTHERS_A_DAY + 3 + 1
    await _decide(_store(client, database), [*_made_up(OTHERS_A_DAY + 30), NAMED, ALLOWED], contact="c-2")
    assert await _counted(mongo_uri, database) == counted + counted, "another instance knows which"
    await _decide(store, _made_up(2, first=500), at=NOW + timedelta(days=1))
    assert set(await _counted(mongo_uri, database, TODAY + timedelta(days=1))) == set(_made_up(2, first=500))


async def test_the_same_partition_of_two_topics_has_counts_of_its_own_in_each(
    client: AsyncMongoClient[dict[str, Any]], mongo_uri: str, database: str
) -> None:
    store = _store(client, database)
    await store.prepare()
    for topic, contacts in {"contact.ended.a": ["c-0"], "contact.ended.b": ["c-1", "c-2"]}.items():
        cases = [case for each in contacts for case in _cases([NAMED], each)]
        await _judge(store, [replace(case, position=Position(topic, 0, 5)) for case in cases], NOW)
    counters = [each["_id"] async for each in client[database][TELLINGEN].find().sort("_id")]
    assert [(each["topic"], each["partition"]) for each in counters] == [("contact.ended.a", 0), ("contact.ended.b", 0)]
    settings = Settings(mongo_uri=mongo_uri, mongo_database=database)
    counted = await stats(settings, by=[By.TOPIC], since=TODAY, until=TODAY)
    assert {each.values: each.number for each in counted.counts} == {("contact.ended.a",): 1, ("contact.ended.b",): 2}


async def test_instances_that_count_at_once_have_no_more_together(
    client: AsyncMongoClient[dict[str, Any]], mongo_uri: str, database: str
) -> None:
    stores = [_store(client, database) for _ in range(4)]
    await stores[0].prepare()
    await asyncio.gather(*(_decide(store, _made_up(40, first=40 * at)) for at, store in enumerate(stores)))
    counted = await _counted(mongo_uri, database)
    assert len(counted) == OTHERS_A_DAY + 1
    assert counted[REST] == 60
