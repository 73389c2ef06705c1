"""The keys of letters in memory and those in MongoDB keep the same promises to the classifier."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from services.runtime.letters.letter_keys import MongoLetterKeys
from services.runtime.letters.sealing import LetterKey, new_key_id
from services.runtime.letters.store import LETTER_KEYS, LetterKeys
from services.runtime.mongo.client import Document, connect
from services.runtime.settings import Settings
from tests.fakes.letter_keys import FakeLetterKeys

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEPT = timedelta(days=36_500)


class World(Protocol):
    """The keys, and what is kept of them."""

    @property
    def store(self) -> LetterKeys:
        """What the classifier has."""

    async def kept(self) -> dict[str, bytes]:
        """Return each wrapped key by its id."""


class InMemory:
    """The fake."""

    def __init__(self) -> None:
        self.store = FakeLetterKeys()

    async def kept(self) -> dict[str, bytes]:
        return {each.key_id: each.wrapped for each in self.store.keys.values()}


class InMongo:
    """The real one."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self.store = MongoLetterKeys(database, KEPT)

    async def kept(self) -> dict[str, bytes]:
        return {each["_id"]: each["wrapped"] async for each in self._database[LETTER_KEYS].find()}


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield InMemory()
        return
    uri, database = request.getfixturevalue("mongo_uri"), request.getfixturevalue("database")
    async with await connect(Settings(mongo_uri=uri)) as client:
        made = InMongo(client[database])
        await made.store.prepare()
        await made.store.prepare()
        yield made


def _key(*, wrapped: bytes = b"wrapped") -> LetterKey:
    return LetterKey(new_key_id(), wrapped, 1, NOW, "contact", "urn:a")


async def test_keys_are_kept(world: World) -> None:
    some = [_key(), replace(_key(), contact_key=None, source=None)]
    await world.store.keep(some)
    await world.store.keep([_key(wrapped=b"another")])
    kept = await world.kept()
    assert [kept[each.key_id] for each in some] == [b"wrapped", b"wrapped"]
    assert len(kept) == 3


async def test_keys_that_are_kept_already_stay_and_the_others_are_added(world: World) -> None:
    first, second = _key(), _key()
    await world.store.keep([first])
    await world.store.keep([replace(first, wrapped=b"changed"), second])
    assert await world.kept() == {first.key_id: b"wrapped", second.key_id: b"wrapped"}
