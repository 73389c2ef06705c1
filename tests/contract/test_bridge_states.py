"""The bridge's state in MongoDB and its fake keep the same promises."""

from collections.abc import AsyncIterator

import pytest
from pymongo import AsyncMongoClient

from services.bridge.errors import Leased, LetterReason
from services.bridge.found import FoundRow
from services.bridge.mongo.states import OPENKLANT, MongoStates
from services.bridge.parts import KLANTCONTACT, PARTIJ, Noted, Ours
from services.bridge.ports import BridgeStates, LeaseNote, State
from services.bridge.resources import Resource
from services.runtime.mongo.client import COMMON, Document
from tests.fakes.bridge_states import FakeStates

ROWS = {KLANTCONTACT: Noted("u-1", "merk"), "internetaken/t": Noted("u-2", "merk", ("actor",))}
SUMMARY = {"versie": [1, 1], "merk": "m", "nummer": "7", "partijen": ["p"]}


@pytest.fixture(params=["fake", pytest.param("mongodb", marks=pytest.mark.server)])
async def states(request: pytest.FixtureRequest) -> AsyncIterator[BridgeStates]:
    if request.param == "fake":
        yield FakeStates()
        return
    uri, database = request.getfixturevalue("mongo_uri"), request.getfixturevalue("database")
    async with AsyncMongoClient[Document](uri, **COMMON) as client:
        made = MongoStates(client[database], remember_days=1, lease_seconds=30)
        await made.prepare()
        yield made


async def test_nothing_is_known_of_what_was_never_begun(states: BridgeStates) -> None:
    assert await states.find("kc:1") == State()
    async with states.leased("kc:1") as lease:
        assert lease.state == State()
    assert (await states.find("kc:1")).ours == Ours(is_new=False)


async def test_what_is_noted_and_ended_is_found_again(states: BridgeStates) -> None:
    async with states.leased("kc:1", follows=["0"]) as lease:
        await lease.note(LeaseNote(ROWS, ["bijlagen/x"], frozenset({"next", "hung on it"})))
        assert lease.state.ours == Ours(
            ROWS, is_new=False, in_flight=frozenset({"next", "hung on it"}), removed=frozenset({"bijlagen/x"})
        )
        await lease.note(LeaseNote(ROWS))
        await lease.end(SUMMARY)
    assert await states.find("kc:1") == State(Ours(ROWS, is_new=False, is_done=True), SUMMARY)
    assert await states.uuids(["kc:1", "kc:2"]) == {"kc:1": "u-1"}
    assert await states.following("0") == ["1"]


async def test_what_was_begun_and_not_ended_is_not_done(states: BridgeStates) -> None:
    async with states.leased("kc:1") as lease:
        await lease.note(LeaseNote(ROWS))
        await lease.end(SUMMARY)
    async with states.leased("kc:1") as lease:
        assert lease.state.ours.is_done
        await lease.note(
            LeaseNote({}, in_flight=frozenset({"next"}), taken_away=2, others=[FoundRow(Resource.BIJLAGEN, "u-9")])
        )
    found = await states.find("kc:1")
    assert found == State(Ours({}, is_new=False, in_flight=frozenset({"next"})), SUMMARY)
    await states.give_up("kc:1", LetterReason.GEWEIGERD)


async def test_one_instance_holds_a_lease(states: BridgeStates) -> None:
    async with states.leased("partij:1") as lease:
        await lease.note(LeaseNote({PARTIJ: Noted("u-1", "merk")}))
        with pytest.raises(Leased):
            async with states.leased("partij:1"):
                pass
        async with states.leased("partij:2"):
            pass
        await lease.end({"versie": 1})
    async with states.leased("partij:1") as lease:
        assert lease.state.ours.is_done


async def test_the_end_gives_the_lease_back(states: BridgeStates) -> None:
    async with states.leased("partij:1") as ended:
        await ended.end({"versie": 1})
        other = states.leased("partij:1")
        await other.__aenter__()
    with pytest.raises(Leased):  # what ended before leaves the lease of the other alone
        async with states.leased("partij:1"):
            pass
    await other.__aexit__(None, None, None)
    async with states.leased("partij:1") as lease:
        assert lease.state.summary == {"versie": 1}


async def test_an_actor_is_forgotten_by_its_uuid(states: BridgeStates) -> None:
    for number in ("1", "2"):
        async with states.leased(f"actor:{number}") as lease:
            await lease.note(LeaseNote({Resource.ACTOREN: Noted(f"u-{number}", "merk")}))
            await lease.end({})
    await states.forget_actoren(["u-1"])
    assert await states.uuids(["actor:1", "actor:2"]) == {"actor:2": "u-2"}


@pytest.mark.server
async def test_a_lease_that_was_left_ends_by_mongodbs_clock(mongo_uri: str, database: str) -> None:
    async with AsyncMongoClient[Document](mongo_uri, **COMMON) as client:
        hasty, usual = (MongoStates(client[database], remember_days=1, lease_seconds=each) for each in (-1, 30))
        async with hasty.leased("kc:1") as left, usual.leased("kc:1") as lease:
            await lease.note(LeaseNote(ROWS))
            with pytest.raises(Leased):
                await left.note(LeaseNote({}))
        assert (await usual.find("kc:1")).ours.rows == ROWS


@pytest.mark.server
async def test_what_has_gone_is_remembered_for_a_time_and_what_failed_is_no_age(mongo_uri: str, database: str) -> None:
    async with AsyncMongoClient[Document](mongo_uri, **COMMON) as client:
        states = MongoStates(client[database], remember_days=1, lease_seconds=30)
        async with states.leased("kc:1") as lease:
            await lease.note(LeaseNote({}, taken_away=2))
            await lease.note(LeaseNote({}, taken_away=3))
            await lease.end(SUMMARY)
        kept = await client[database][OPENKLANT].find_one({"_id": "kc:1"})
        assert kept is not None
        assert (kept["weggehaald"], (kept["vergetenOp"] - kept["bijgewerkt"]).days) == (5, 1)

        async with states.leased("kc:2"):
            pass
        earlier = {"$dateSubtract": {"startDate": "$$NOW", "unit": "minute", "amount": 20}}
        await client[database][OPENKLANT].update_one({"_id": "kc:2"}, [{"$set": {"begonnen": earlier}}])
        assert 1199 <= await states.oldest_unequal_seconds() <= 1260
        await states.give_up("kc:2", LetterReason.GEWEIGERD)
        assert await states.oldest_unequal_seconds() == 0
