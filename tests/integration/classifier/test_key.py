"""A register is tied to the key that it is made with; another key is refused before it does any harm."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from structlog.testing import capture_logs

from services.classifier.mongo.key import RegisterKey
from services.classifier.mongo.key_versions import SLEUTELCONTROLE, KeyState
from services.classifier.mongo.register import BESLUITEN
from services.domain.sleutels import Sleutels
from services.local.servers.network import HOST, free_port
from services.runtime.errors import InvalidSettings, TransientFailure

OWN: Final = Sleutels(b"a key of the tests, thirty-two bytes")
OTHER: Final = Sleutels(b"another key, just as long as the own")
NEWER: Final = Sleutels(b"a key of the tests, thirty-two bytes", b"another key, just as long as the own")

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def register(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, w="majority") as client:
        yield client[database]


async def _kept(register: Database) -> list[dict[str, Any]]:
    return await register[SLEUTELCONTROLE].find().to_list()


async def test_a_new_register_takes_the_first_key_and_knows_it_from_then_on(register: Database) -> None:
    assert not await RegisterKey(register, OWN).check()
    assert await _kept(register) == []

    with capture_logs() as lines:
        await RegisterKey(register, OWN).claim()
        await RegisterKey(register, OWN).claim()

    assert await RegisterKey(register, OWN).check()
    assert await _kept(register) == [{"_id": "register", "controle": OWN.controle()}]
    assert lines == [{"event": "register.key_taken", "log_level": "info", "database": register.name}]


@pytest.mark.parametrize(
    ("sleutels", "told"),
    [
        pytest.param(
            OTHER,
            "KLANTCONTACT_SLEUTEL_FILE or KLANTCONTACT_SLEUTEL: this is not the key of the register in database {}. "
            "Put that key back, or correct KLANTCONTACT_MONGO_URI and KLANTCONTACT_MONGO_DATABASE: with another key "
            "the classifier finds none of its klanten any more.",
            id="another key",
        ),
        pytest.param(
            Sleutels(b"another key, just as long as the own", b"a key of the tests, thirty-two bytes"),
            "KLANTCONTACT_SLEUTEL_FILE or KLANTCONTACT_SLEUTEL: this is not the key of the register in database {}. "
            "Put that key back, or correct KLANTCONTACT_MONGO_URI and KLANTCONTACT_MONGO_DATABASE: with another key "
            "the classifier finds none of its klanten any more.",
            id="the keys in another order",
        ),
    ],
)
async def test_another_key_is_refused_and_changes_nothing(register: Database, sleutels: Sleutels, told: str) -> None:
    await RegisterKey(register, OWN).claim()
    before = await _kept(register)

    for step in (RegisterKey(register, sleutels).claim, RegisterKey(register, sleutels).check):
        with pytest.raises(InvalidSettings) as refused:
            await step()
        assert str(refused.value) == told.format(register.name)

    assert await _kept(register) == before


async def test_settings_with_a_newer_key_are_taken_and_the_register_keeps_its_own(register: Database) -> None:
    await RegisterKey(register, OWN).claim()
    key = RegisterKey(register, NEWER)

    await key.claim()

    assert key.versions.state == KeyState(1)
    assert await _kept(register) == [{"_id": "register", "controle": OWN.controle()}]


async def test_settings_without_the_newest_key_are_refused(register: Database) -> None:
    await RegisterKey(register, NEWER).claim()

    with pytest.raises(InvalidSettings) as refused:
        await RegisterKey(register, OWN).claim()

    assert str(refused.value) == (
        f"KLANTCONTACT_FORMER_SLEUTEL_FILES: the register in database {register.name} has had 2 keys, and the settings "
        "have 1. Name the file of the newest in KLANTCONTACT_SLEUTEL_FILE, and those of all before it here, the first "
        "one first."
    )


async def test_a_register_without_a_control_takes_the_key_that_its_hashes_have(register: Database) -> None:
    await register[BESLUITEN].insert_one({"_id": "a decision", "digest": OWN.controle()})

    await RegisterKey(register, NEWER).claim()

    assert await _kept(register) == [{"_id": "register", "controle": OWN.controle()}]


async def test_instances_with_one_key_go_on_when_instances_with_two_keys_start_at_once(register: Database) -> None:
    keys = [OWN, OTHER] * 5

    outcomes = await asyncio.gather(*(RegisterKey(register, key).claim() for key in keys), return_exceptions=True)

    going_on = {key.controle() for key, outcome in zip(keys, outcomes, strict=True) if outcome is None}
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidSettings"] * 5 + ["NoneType"] * 5
    assert [kept["controle"] for kept in await _kept(register)] == list(going_on)


async def test_a_register_of_an_earlier_release_takes_the_key_and_warns_that_nothing_proves_it(
    register: Database,
) -> None:
    await register[BESLUITEN].insert_one({"_id": "a decision"})

    with capture_logs() as lines:
        await RegisterKey(register, OWN).claim()

    assert lines == [{"event": "register.key_taken_unverified", "log_level": "warning", "database": register.name}]
    with pytest.raises(InvalidSettings):
        await RegisterKey(register, OTHER).claim()


async def test_a_classifier_waits_for_its_database() -> None:
    uri = f"mongodb://{HOST}:{free_port()}/?serverSelectionTimeoutMS=200"
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        with pytest.raises(TransientFailure):
            await RegisterKey(client["register"], OWN).claim()
