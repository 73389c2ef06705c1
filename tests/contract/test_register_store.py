"""The register in memory, the one in MongoDB and the one in the simulated MongoDB keep the same promises."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pytest
from pymongo import AsyncMongoClient

from schemas.contact_ended_v1 import Toestemming
from schemas.reading.decoding import Received, decode
from services.classifier.changes import ChangeReader, Opdracht, written
from services.classifier.mongo.joint import JointRegister
from services.classifier.mongo.register import MongoRegister
from services.classifier.ports import RegisterStore
from services.domain.case import Case, prepare
from services.domain.consent import Moment
from services.domain.ids import change_key, contact_key
from services.domain.outcome import (
    Decided,
    Declined,
    Erased,
    Executed,
    InstructionAnswer,
    Outcome,
    Overtaken,
    Refused,
    Repeated,
)
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.domain.wissen import execute
from services.domain.wissing import Bezwaar, SoortWissing, Wissing
from services.runtime.kafka.records import Record
from tests.fakes.document_store import DocumentStore
from tests.fakes.register_store import FakeRegisterStore
from tests.simulate.mongo.client import Client
from tests.simulate.mongo.store import Store
from tests.simulate.world import WorldAtOnce
from tests.support.contacts import NOW, SOURCE, Event, contact_ended, encoded
from tests.support.erasing import to_erase
from tests.support.examples import BOB, known

CLASSIFIER = "urn:classifier"
SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")


@pytest.fixture(
    params=[
        "memory",
        "documents",
        "simulated",
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
    if request.param == "simulated":
        yield MongoRegister(cast("Any", Client(WorldAtOnce(), Store())), "klantcontact", DEFAULT)
        return
    uri, database = request.getfixturevalue("mongo_uri"), request.getfixturevalue("database")
    async with AsyncMongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        real = MongoRegister(client, database, DEFAULT)
        await real.prepare()
        yield JointRegister(real) if request.param == "joint" else real


ERASE = to_erase(contact_key=contact_key(SOURCE, "c-1"))


def of_known(contact_id: str) -> Event:
    """Return a contact of a klant who is gekend."""
    event = contact_ended(contact_id)
    event["data"]["betrokkenen"] = [known("b0")]
    return event


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


async def test_a_correction_in_the_batch_of_what_it_corrects_leaves_others_their_partij(store: RegisterStore) -> None:
    """The first revisie names a klant whom another contact made known, and the correction names somebody else."""
    [first] = await _judged(store, of_known("c-1"))
    corrected = of_known("c-2")
    corrected["data"] |= {"revisie": 2, "betrokkenen": [known("b0", BOB)]}
    await _judged(store, of_known("c-2"), corrected)
    [again] = await _judged(store, of_known("c-3"))
    partijen = [each.besluit.partijen[0] for each in (first, again)]  # type: ignore[union-attr] # they were judged
    assert partijen[0].partij_id == partijen[1].partij_id
    assert [each.stand.bekend for each in partijen] == [False, True]


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


async def _erased(store: RegisterStore, wissing: Wissing) -> InstructionAnswer:
    return await store.erase(wissing, lambda register: execute(register, wissing, NOW, "urn:classifier"))


async def test_what_an_instruction_erases_is_gone_and_stays_so(store: RegisterStore) -> None:
    await _judged(store, contact_ended("c-1"), contact_ended("c-2"))
    answer = await _erased(store, ERASE)
    assert isinstance(answer, Executed)
    assert [each.body["data"]["reden"] for each in answer.gone] == ["gewist", "gewist"]
    outcomes = await _judged(store, contact_ended("c-1"), contact_ended("c-1", revisie=2), contact_ended("c-2"))
    assert [type(each) for each in outcomes] == [Erased, Erased, Repeated]


async def test_the_same_instruction_has_the_same_answer_and_is_executed_once(store: RegisterStore) -> None:
    await _judged(store, contact_ended("c-1"))
    first = await _erased(store, ERASE)

    def never(_register: Register) -> InstructionAnswer:
        raise AssertionError

    again = await store.erase(ERASE, never)
    assert _out(again) == _out(first)


async def test_another_instruction_for_what_is_erased_is_declined_and_stays_so(store: RegisterStore) -> None:
    await _judged(store, contact_ended("c-1"))
    await _erased(store, ERASE)
    later = replace(ERASE, opdracht="opdracht-2")
    assert await _erased(store, later) == await _erased(store, later) == Declined(later, Bezwaar.AL_GEWIST)


async def test_a_contact_that_the_register_does_not_know_can_be_erased(store: RegisterStore) -> None:
    await _erased(store, replace(ERASE, revisie=0, besluitversie=0))
    assert [type(each) for each in await _judged(store, contact_ended("c-1"))] == [Erased]


async def test_a_partij_loses_its_links_and_goes_with_its_last_contact(store: RegisterStore) -> None:
    [decided, _] = await _judged(store, of_known("c-1"), of_known("c-2"))
    partij_id = decided.besluit.partijen[0].partij_id  # type: ignore[union-attr] # it was judged
    await _erased(store, to_erase(SoortWissing.KOPPELINGEN, partij_id=partij_id, opdracht="koppelingen"))
    [anew] = await _judged(store, of_known("c-3"))
    assert anew.besluit.partijen[0].partij_id != partij_id  # type: ignore[union-attr] # it was judged
    results = []
    for contact_id in ("c-1", "c-2"):
        answer = await _erased(store, to_erase(contact_key=contact_key(SOURCE, contact_id), opdracht=contact_id))
        assert isinstance(answer, Executed)
        results.append(answer.gone[-1].body["data"]["resultaat"])
    assert results == ["leeg", "vervallen"]
    last = await _erased(store, to_erase(SoortWissing.PARTIJ, partij_id=partij_id, opdracht="partij"))
    assert isinstance(last, Executed)


# Changes outside a contact


OP = datetime(2026, 3, 20, 9, 50, tzinfo=UTC)


async def _changed(store: RegisterStore, *opdrachten: Opdracht) -> Sequence[Outcome]:
    """Judge the municipality's own changes, as their records are read."""
    reader = ChangeReader(("toestemming.gewijzigd",), CLASSIFIER)
    cases: list[Case] = []
    for offset, each in enumerate(opdrachten):
        value, headers = written(each, CLASSIFIER, SLEUTELS)
        change = Record("toestemming.gewijzigd", 0, offset, NOW, None, value, headers)
        case = reader.read(change, SLEUTELS, DEFAULT)
        assert isinstance(case, Case)
        cases.append(case)
    return await store.transact(cases, lambda register: [register.judge(case, NOW) for case in cases])


async def test_a_change_counts_for_the_contacts_after_it_and_a_repeat_of_it_changes_nothing(
    store: RegisterStore,
) -> None:
    [first] = await _judged(store, of_known("c-1"))
    partij_id = first.besluit.partijen[0].partij_id  # type: ignore[union-attr] # it was judged
    given = Opdracht("w-1", partij_id, OP, Toestemming.GEGEVEN)
    restricted = Opdracht("w-2", partij_id, OP, beperking=True)
    assert [type(each) for each in await _changed(store, given, restricted)] == [Decided, Decided]
    [again] = await _changed(store, given)
    assert isinstance(again, Repeated)
    [second] = await _judged(store, of_known("c-2"))
    stand = second.besluit.partijen[0].stand  # type: ignore[union-attr] # it was judged
    assert (stand.gegeven, stand.beperkt) == (
        Moment(OP, CLASSIFIER + ":opdracht", "w-1", wijziging=True),
        Moment(OP, CLASSIFIER + ":opdracht", "w-2", wijziging=True),
    )
    await _changed(store, Opdracht("w-3", partij_id, OP, beperking=False))
    [third] = await _judged(store, of_known("c-3"))
    assert third.besluit.partijen[0].stand.beperkt is None  # type: ignore[union-attr] # it was judged


async def test_a_change_of_a_klant_that_no_contact_knows_keeps_nothing(store: RegisterStore) -> None:
    [outcome] = await _changed(store, Opdracht("w-1", "nobody", OP, Toestemming.GEGEVEN))
    assert isinstance(outcome, Decided)
    assert outcome.besluit.partijen == ()
    assert list(outcome.events(CLASSIFIER)) == []


async def test_a_change_that_was_erased_comes_to_nothing(store: RegisterStore) -> None:
    [first] = await _judged(store, of_known("c-1"))
    partij_id = first.besluit.partijen[0].partij_id  # type: ignore[union-attr] # it was judged
    given = Opdracht("w-1", partij_id, OP, Toestemming.GEGEVEN)
    await _changed(store, given)
    key = change_key(CLASSIFIER + ":opdracht", "w-1")
    assert isinstance(await _erased(store, to_erase(contact_key=key)), Executed)
    assert [type(each) for each in await _changed(store, given)] == [Erased]
    [second] = await _judged(store, of_known("c-2"))
    assert second.besluit.partijen[0].stand.gegeven is None  # type: ignore[union-attr] # it was judged


def _out(answer: InstructionAnswer) -> list[tuple[str, str, bytes]]:
    return [
        (each.stream, each.key, orjson.dumps(each.body, option=orjson.OPT_UTC_Z))
        for each in answer.events("urn:classifier")
    ]
