"""The swap of new collections for the live ones is one step to a projector."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.swap import COLLECTION, ONLY, UNDER_WAY, Phase
from services.projector.mongo.writes import Collection
from services.runtime.errors import TransientFailure
from tests.support.projector_examples import (
    Event,
    fact,
    klantcontact_withdrawn,
    partij,
    registered,
    taak_created,
    taak_withdrawn,
)

Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]

REMEMBER_SECONDS = 1_000_000

RENAMES = [
    (each.name_of(collection), to.name_of(collection))
    for collection in Collection
    for each, to in ((Generation.LIVE, Generation.FORMER), (Generation.NEW, Generation.LIVE))
]


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[Client]:
    async with Client(mongo_uri, tz_aware=True, w="majority") as connected:
        yield connected


@pytest.fixture
def there(client: Client, database: str) -> Database:
    return client[database]


async def contents(there: Database, generation: Generation) -> Mapping[Collection, Mapping[str, Event]]:
    return {
        collection: {each["_id"]: each async for each in there[generation.name_of(collection)].find()}
        for collection in Collection
    }


async def set_phase(there: Database, phase: Phase) -> None:
    await there[COLLECTION].update_one(ONLY, {"$set": {"phase": phase}}, upsert=True)


class _Overtaken(MongoProjection):
    """A register whose first transaction is overtaken by some renames after it checked whether it may go on."""

    def __init__(self, client: Client, database_name: str, renames: int) -> None:
        super().__init__(client, database_name)
        self._renames = renames
        self._overtaken = False

    async def _step_back(self, session: AsyncClientSession | None = None) -> None:
        await super()._step_back(session)
        if session is not None and not self._overtaken:
            self._overtaken = True
            await set_phase(self._database, Phase.SWAPPING)
            for name, to in RENAMES[: self._renames]:
                await self._database[name].rename(to, dropTarget=True)


@pytest.mark.parametrize("renames", range(len(RENAMES) + 1))
async def test_a_batch_that_is_overtaken_by_a_swap_leaves_the_new_collections_as_they_were_made(
    client: Client, database: str, there: Database, renames: int
) -> None:
    register = _Overtaken(client, database, renames)
    await register.prepare(REMEMBER_SECONDS)
    new = MongoProjection(client, database, generation=Generation.NEW)
    await new.prepare(REMEMBER_SECONDS)
    await new.apply([fact(event) for event in (registered(partijen=[partij()]), taak_created(), taak_withdrawn("c-3"))])
    made = await contents(there, Generation.NEW)
    told = (klantcontact_withdrawn(), taak_withdrawn(), taak_created("c-3"), registered("c-4", partijen=[partij()]))

    try:
        await register.apply([fact(event) for event in told])
    except TransientFailure as failure:
        assert str(failure) == UNDER_WAY  # noqa: PT017 - whether it was overtaken in time is for MongoDB to say
    for name, to in RENAMES[renames:]:
        await there[name].rename(to, dropTarget=True)

    assert await contents(there, Generation.LIVE) == made


async def test_a_batch_waits_for_the_end_of_a_swap(client: Client, database: str, there: Database) -> None:
    register = MongoProjection(client, database)
    await register.prepare(REMEMBER_SECONDS)
    await set_phase(there, Phase.SWAPPING)

    with pytest.raises(TransientFailure, match="putting its collections in place"):
        await register.apply([fact(registered())])
    with pytest.raises(TransientFailure, match="putting its collections in place"):
        await register.prepare(REMEMBER_SECONDS)
    assert not any((await contents(there, Generation.LIVE)).values())

    await set_phase(there, Phase.SWAPPED)
    await register.apply([fact(registered())])
    assert len((await contents(there, Generation.LIVE))[Collection.KLANTCONTACTEN]) == 1


async def test_writes_to_the_new_collections_do_not_wait(client: Client, database: str, there: Database) -> None:
    await set_phase(there, Phase.SWAPPING)
    register = MongoProjection(client, database, generation=Generation.NEW)
    await register.prepare(REMEMBER_SECONDS)
    await register.apply([fact(registered())])
    assert len((await contents(there, Generation.NEW))[Collection.KLANTCONTACTEN]) == 1
