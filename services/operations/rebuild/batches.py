"""Going through a collection some documents at a time."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from pymongo.asynchronous.collection import AsyncCollection

from services.projector.merging.documents import Document

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
