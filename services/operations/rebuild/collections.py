"""The collections of a rebuild as a whole: dropping a generation, and putting the new one in the place of the old.

Going through a collection some documents at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID

import pymongo
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.projector.merging.documents import Document
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import Collection
from services.runtime.mongo.errors import is_away
from services.runtime.waiting import pauses_within

RENAME_SECONDS: Final = 1.0
"""A rename takes milliseconds, unless a transaction holds the collection. Everybody who comes after a waiting rename
waits behind it, so it soon steps aside and tries again."""

PATIENCE_SECONDS: Final = 90.0
"""What a killed instance left open holds a collection until MongoDB ends it, after a minute by default."""


REHEARSAL: Final = ("herbouw_proef", "herbouw_proef_vorige")


async def identities(database: AsyncDatabase[Document], generation: Generation) -> dict[Collection, UUID]:
    """Give those of a generation that are there, with what MongoDB calls them whatever their name."""
    named = {collection: generation.name_of(collection) for collection in Collection}
    # The driver gives these UUIDs as binary values, whatever it was told about UUIDs.
    cursor = await database.list_collections(filter={"name": {"$in": list(named.values())}})
    there = {each["name"]: each["info"]["uuid"].as_uuid() async for each in cursor}
    return {collection: there[name] for collection, name in named.items() if name in there}


async def drop(database: AsyncDatabase[Document], generation: Generation) -> dict[Collection, int]:
    """Drop a generation that nobody uses, and give how many documents were in each."""
    assert generation is not Generation.LIVE, "it is what everybody uses"
    counts = {}
    for collection in await identities(database, generation):
        name = generation.name_of(collection)
        counts[collection] = await database[name].estimated_document_count()
        await database.drop_collection(name)
    return counts


async def rehearse(database: AsyncDatabase[Document]) -> None:
    """Rename a collection for nothing, so that a right that is missing shows before anything was done."""
    before, after = REHEARSAL
    await database.drop_collection(after)  # of a rehearsal that was killed
    try:
        await database[before].insert_one({})
        await database[before].rename(after)
    finally:
        for name in REHEARSAL:
            await database.drop_collection(name)


async def put_in_place(database: AsyncDatabase[Document], made: Mapping[Collection, UUID]) -> None:
    """Give the collections that were made the live names, and the live ones those of before. What is done stays done.

    Raises PyMongoError when MongoDB is away, or something holds a collection, for longer than PATIENCE_SECONDS.
    """
    for collection, identity in made.items():
        for pause_seconds in pauses_within(PATIENCE_SECONDS):
            try:
                await _put_in_place(database, collection, identity)
            except PyMongoError as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(pause_seconds)
            else:
                break
        else:
            await _put_in_place(database, collection, identity)


async def _put_in_place(database: AsyncDatabase[Document], collection: Collection, identity: UUID) -> None:
    live = await identities(database, Generation.LIVE)
    if live.get(collection) == identity:
        return
    name = Generation.LIVE.name_of(collection)
    if collection in live and collection not in await identities(database, Generation.FORMER):
        await _rename(database, name, Generation.FORMER.name_of(collection))
    # Who wrote between the two made a collection of that name. What came there from events will come again.
    await _rename(database, Generation.NEW.name_of(collection), name)


async def _rename(database: AsyncDatabase[Document], name: str, to: str) -> None:
    with pymongo.timeout(RENAME_SECONDS):
        await database[name].rename(to, dropTarget=True)


BATCH: Final = 1_000
"""A few MB, and few enough round trips."""


async def batches(
    collection: AsyncCollection[Document], fields: Mapping[str, int] | None = None
) -> AsyncIterator[list[Document]]:
    """Give every document in turn, with these fields (as MongoDB's projection) or all."""
    cursor = collection.find({}, fields, batch_size=BATCH)
    async with cursor:
        while batch := await cursor.to_list(BATCH):
            yield batch


async def by_id(
    collection: AsyncCollection[Document], identifiers: list[str], fields: Mapping[str, int]
) -> dict[str, Document]:
    """Give those of these documents that are there, with these fields."""
    cursor = collection.find({"_id": {"$in": identifiers}}, fields, batch_size=len(identifiers) + 1)
    return {each["_id"]: each for each in await cursor.to_list()}
