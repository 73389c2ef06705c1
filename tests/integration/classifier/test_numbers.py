"""Numbers in MongoDB: only what is registered uses one up, and a series that has ended is waited for."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo import AsyncMongoClient

from schemas.reading.decoding import Received, decode
from services.classifier.mongo import numbers
from services.classifier.mongo.numbers import NumbersExhausted
from services.classifier.mongo.register import NUMMERS, MongoRegister
from services.domain.case import Case, prepare
from services.domain.numbers import LAST_NUMBER
from services.domain.outcome import Decided, Outcome, Refused, Repeated
from services.domain.policy import DEFAULT, Beleid, Bron
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from tests.support.contacts import NOW, Event, contact_ended, encoded

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
async def store(client: AsyncMongoClient[dict[str, Any]], database: str) -> MongoRegister:
    store = MongoRegister(client, database, DEFAULT)
    await store.prepare()
    return store


def _cases(*events: Event, beleid: Beleid = DEFAULT) -> list[Case]:
    received = [decode(encoded(event), (), NOW) for event in events]
    return [prepare(each, SLEUTELS, beleid) for each in received if isinstance(each, Received)]


async def _judged(store: MongoRegister, *events: Event) -> Sequence[Outcome]:
    cases = _cases(*events)
    return await store.transact(cases, lambda register: [register.judge(case, NOW) for case in cases])


async def _number(store: MongoRegister, contact_id: str) -> int:
    """Register a contact; return the number of its klantcontact."""
    [outcome] = await _judged(store, contact_ended(contact_id))
    assert isinstance(outcome, Decided)
    return int(outcome.besluit.uitgegeven[0].klantcontact_nummer)


async def test_what_is_repeated_uses_no_number(store: MongoRegister) -> None:
    first = await _number(store, "c-1")
    for _ in range(3):
        assert [type(each) for each in await _judged(store, *[contact_ended("c-1")] * 50)] == [Repeated] * 50
    assert await _number(store, "c-2") == first + 1


async def test_what_is_refused_or_repeated_beside_it_and_what_failed_use_no_number(store: MongoRegister) -> None:
    first = await _number(store, "c-1")
    await _judged(store, *[contact_ended("c-2")] * 50, contact_ended("c-2", onderwerp="Paspoort"))

    def fail(register: Register) -> Sequence[Outcome]:
        register.judge(cases[0], NOW)
        raise RuntimeError

    cases = _cases(contact_ended("c-3"))
    with pytest.raises(RuntimeError):
        await store.transact(cases, fail)
    assert await _number(store, "c-4") == first + 2


async def test_repeats_fetch_no_block(client: AsyncMongoClient[dict[str, Any]], database: str) -> None:
    await _number(MongoRegister(client, database, DEFAULT), "c-1")
    before = await client[database][NUMMERS].find_one()
    await _judged(MongoRegister(client, database, DEFAULT), *[contact_ended("c-1")] * 50)
    assert await client[database][NUMMERS].find_one() == before


async def test_what_the_policy_does_not_allow_its_source_fetches_no_block(
    client: AsyncMongoClient[dict[str, Any]], database: str
) -> None:
    store = MongoRegister(client, database, DEFAULT)
    only = Beleid(bronnen={"urn:another": Bron()})
    cases = _cases(contact_ended("c-1"), beleid=only)
    [outcome] = await store.transact(cases, lambda register: [register.judge(case, NOW) for case in cases])
    assert isinstance(outcome, Refused)
    assert await client[database][NUMMERS].find_one() is None


async def test_two_instances_never_get_the_same_number(
    client: AsyncMongoClient[dict[str, Any]], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "BLOCK", 2)
    stores = [MongoRegister(client, database, DEFAULT) for _ in range(2)]
    given = [await _number(stores[at % 2], f"c-{at}") for at in range(12)]
    assert len(set(given)) == 12


async def test_a_series_is_used_to_its_last_number_and_then_what_is_new_waits_and_the_rest_goes_on(
    client: AsyncMongoClient[dict[str, Any]], database: str, store: MongoRegister
) -> None:
    counters = {"klantcontact": LAST_NUMBER - 2, "interne_taak": 0, "partij": 0}
    await client[database][NUMMERS].insert_one({"_id": "uitgegeven", **counters})
    assert await _number(store, "c-1") == LAST_NUMBER - 1
    assert await _number(store, "c-2") == LAST_NUMBER
    for _ in range(2):
        with pytest.raises(NumbersExhausted, match="klantcontact are all handed out"):
            await _judged(store, contact_ended("c-3"))
    assert [type(each) for each in await _judged(store, contact_ended("c-2"))] == [Repeated]
    await store.count()
    name = "klantcontact_numbers_handed_out"
    assert REGISTRY.get_sample_value(name, {"kind": "klantcontact"}) == LAST_NUMBER
