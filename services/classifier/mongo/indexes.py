"""The indexes of the register: those by which a batch is looked up, and the one by which MongoDB deletes.

Each document that a batch writes pays for each index. An operator's questions are answered without one
(`services/operations/explain/search.py`).
"""

from typing import Final

from pymongo.asynchronous.collection import AsyncCollection

from services.runtime.mongo.client import Document

FORMER: Final = frozenset({"contactId_1", "uitgegeven.klantcontactNummer_1"})
"""Indexes of `besluiten` that earlier builds made."""


async def create_indexes(partijen: AsyncCollection[Document], besluiten: AsyncCollection[Document]) -> None:
    """Create what is missing and drop what earlier builds made. Changes nothing where all is in place.

    Raises PyMongoError, also when another instance drops the same index just now. The next call succeeds then.
    """
    await partijen.create_index("sleutels", unique=True, partialFilterExpression={"sleutels": {"$exists": True}})
    await partijen.create_index("gereserveerd", sparse=True)
    await besluiten.create_index("partijen.partijId", sparse=True)
    await besluiten.create_index("uitgegeven.klantcontactId", sparse=True)
    await besluiten.create_index("vervaltOp", expireAfterSeconds=0, sparse=True)
    # Dropping locks the collection, also when there is nothing to drop.
    for name in FORMER & (await besluiten.index_information()).keys():
        await besluiten.drop_index(name)
