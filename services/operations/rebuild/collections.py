"""The collections of a rebuild as a whole: a generation is dropped, or the new one put in the place of the live one.

Reading a collection some documents at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID

import pymongo
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.operations.lock import Lock
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import is_away
from services.runtime.waiting import pauses_within

RENAME_SECONDS: Final = 1.0
"""A rename takes milliseconds, unless a transaction holds the collection. All later operations wait behind a waiting
rename, so it soon gives up and tries again."""

PATIENCE_SECONDS: Final = 90.0
"""A transaction that a killed instance left open holds a collection. MongoDB ends it after a minute by default."""


REHEARSAL: Final = ("herbouw_proef", "herbouw_proef_vorige")


async def identities(database: AsyncDatabase[Document], generation: Generation) -> dict[Collection, UUID]:
    """Return the collections of a generation that exist, with their UUIDs, which a rename leaves as they are."""
    named = {collection: generation.name_of(collection) for collection in Collection}
    # The driver gives these UUIDs as binary values, whatever uuidRepresentation says.
    cursor = await database.list_collections(filter={"name": {"$in": list(named.values())}})
    there = {each["name"]: each["info"]["uuid"].as_uuid() async for each in cursor}
    return {collection: there[name] for collection, name in named.items() if name in there}


async def drop(database: AsyncDatabase[Document], generation: Generation, lock: Lock) -> dict[Collection, int]:
    """Drop a generation that nobody uses, and return how many documents each collection held.

    Raises LockLost before the next collection when another command has taken the lock.
    """
    assert generation is not Generation.LIVE, "both services use it"
    counts = {}
    for collection in await identities(database, generation):
        name = generation.name_of(collection)
        counts[collection] = await database[name].estimated_document_count()
        await lock.confirm()
        await database.drop_collection(name)
    return counts


async def rehearse(database: AsyncDatabase[Document]) -> None:
    """Rename an empty collection and drop it, so that a missing right shows before anything is done."""
    before, after = REHEARSAL
    await database.drop_collection(after)  # left by a rehearsal that was killed
    try:
        await database[before].insert_one({})
        await database[before].rename(after)
    finally:
        for name in REHEARSAL:
            await database.drop_collection(name)


async def put_in_place(database: AsyncDatabase[Document], made: Mapping[Collection, UUID], lock: Lock) -> None:
    """Rename the live collections to those of before, and the new ones to live. A second call does only the rest.

    Raises PyMongoError when MongoDB is away, or something holds a collection, for longer than PATIENCE_SECONDS. Raises
    LockLost before the next collection when another command has taken the lock.
    """
    for collection, identity in made.items():
        for pause_seconds in pauses_within(PATIENCE_SECONDS):
            try:
                await _put_in_place(database, collection, identity, lock)
            except PyMongoError as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(pause_seconds)
            else:
                break
        else:
            await _put_in_place(database, collection, identity, lock)


async def _put_in_place(database: AsyncDatabase[Document], collection: Collection, identity: UUID, lock: Lock) -> None:
    await lock.confirm()
    live = await identities(database, Generation.LIVE)
    if live.get(collection) == identity:
        return
    name = Generation.LIVE.name_of(collection)
    if collection in live and collection not in await identities(database, Generation.FORMER):
        await _rename(database, name, Generation.FORMER.name_of(collection))
    # A write between the two renames makes a collection of that name. Its events are taken in again after the swap.
    await _rename(database, Generation.NEW.name_of(collection), name)


async def _rename(database: AsyncDatabase[Document], name: str, to: str) -> None:
    with pymongo.timeout(RENAME_SECONDS):
        await database[name].rename(to, dropTarget=True)


BATCH: Final = 1_000
"""Documents in a batch: a few MB, and few enough round trips."""


async def batches(
    collection: AsyncCollection[Document], fields: Mapping[str, int] | None = None
) -> AsyncIterator[list[Document]]:
    """Yield every document, in batches, with these fields (as MongoDB's projection) or all."""
    cursor = collection.find({}, fields, batch_size=BATCH)
    async with cursor:
        while batch := await cursor.to_list(BATCH):
            yield batch


async def by_id(
    collection: AsyncCollection[Document], identifiers: list[str], fields: Mapping[str, int]
) -> dict[str, Document]:
    """Return the documents of these ids that exist, with these fields."""
    cursor = collection.find({"_id": {"$in": identifiers}}, fields, batch_size=len(identifiers) + 1)
    return {each["_id"]: each for each in await cursor.to_list()}
