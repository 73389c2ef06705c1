"""The register in memory and the one in MongoDB keep the same promises to the handler."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from schemas.reading.decoding import Received, decode
from services.classifier.mongo.joint import JointRegister
from services.classifier.mongo.register import MongoRegister
from services.classifier.ports import RegisterStore
from services.domain.case import Case, prepare
from services.domain.outcome import Decided, Outcome, Overtaken, Refused, Repeated
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from tests.fakes.document_store import DocumentStore
from tests.fakes.register_store import FakeRegisterStore
from tests.support.contacts import NOW, Event, contact_ended, encoded

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")


@pytest.fixture(
    params=[
        "memory",
        "documents",
        pytest.param("mongodb", marks=pytest.mark.server),
        pytest.param("joint", marks=pytest.mark.server),
    ]
)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[RegisterStore]:
    if request.param == "memory":
        yield FakeRegisterStore()
        return
    if request.param == "documents":
        yield DocumentStore()
        return
    uri, database = request.getfixturevalue("mongo_uri"), request.getfixturevalue("database")
    async with AsyncMongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        real = MongoRegister(client, database, DEFAULT)
        await real.prepare()
        yield JointRegister(real) if request.param == "joint" else real


def _cases(*events: Event) -> list[Case]:
    received = [decode(encoded(event), (), NOW) for event in events]
    return [prepare(each, SLEUTELS, DEFAULT) for each in received if isinstance(each, Received)]


async def _judged(store: RegisterStore, *events: Event) -> Sequence[Outcome]:
    cases = _cases(*events)
    return await store.transact(cases, lambda register: [register.judge(case, NOW) for case in cases])


async def test_each_contact_is_judged_in_order_and_sees_those_before_it(store: RegisterStore) -> None:
    outcomes = await _judged(
        store, contact_ended(), contact_ended(), contact_ended(onderwerp="Paspoort"), contact_ended(revisie=2)
    )
    assert [type(each) for each in outcomes] == [Decided, Repeated, Refused, Decided]


async def test_a_later_batch_sees_what_was_recorded(store: RegisterStore) -> None:
    first = await _judged(store, contact_ended(revisie=2))
    second = await _judged(store, contact_ended(revisie=2), contact_ended(revisie=1))
    assert [type(each) for each in second] == [Repeated, Overtaken]
    assert second[0].besluit == first[0].besluit  # type: ignore[union-attr] # both were judged


async def test_a_batch_whose_judging_fails_leaves_no_trace(store: RegisterStore) -> None:
    cases = _cases(contact_ended("c-1"), contact_ended("c-2"))

    def fail_on_the_second(register: Register) -> Sequence[Outcome]:
        register.judge(cases[0], NOW)
        raise KeyError

    with pytest.raises(KeyError):
        await store.transact(cases, fail_on_the_second)
    assert [type(each) for each in await _judged(store, contact_ended("c-1"))] == [Decided]


async def test_an_empty_batch_is_no_trouble(store: RegisterStore) -> None:
    assert await _judged(store) == []
