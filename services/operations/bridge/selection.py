"""Which klantcontacten a command of the bridge looks at."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import pymongo

from services.operations.bridge.equipment import Equipment
from services.runtime.mongo.client import Document

MOMENT: Final = "klantcontact.plaatsgevondenOp"


def chosen(equipment: Equipment, since: datetime | None = None) -> Document:
    """Return the query of the klantcontacten that go out, of a moment or later."""
    query: Document = {"herkomst.source": {"$in": sorted(equipment.terms.choice.sources)}}
    return query if since is None else {**query, MOMENT: {"$gte": since}}


async def count(equipment: Equipment, query: Document) -> int:
    """Return how many klantcontacten there are of a query."""
    collections = [equipment.projection[name] for name in equipment.klantcontacten_collections]
    return sum([await each.count_documents(query) for each in collections])


async def oldest_first(equipment: Equipment, query: Document) -> AsyncIterator[str]:
    """Yield the ids of klantcontacten.

    All ids are read first, some ten MB for 100,000: MongoDB ends a cursor that nobody asks for ten minutes.
    """
    for name in equipment.klantcontacten_collections:
        found = equipment.projection[name].find(query, {MOMENT: 1}, allow_disk_use=True)
        for identifier in [each["_id"] async for each in found.sort(MOMENT, pymongo.ASCENDING)]:
            yield identifier


async def newest(equipment: Equipment, number: int) -> list[str]:
    """Return the ids of the newest klantcontacten that go out."""
    found = list[Document]()
    for name in equipment.klantcontacten_collections:
        there = equipment.projection[name].find(chosen(equipment), {MOMENT: 1}, allow_disk_use=True)
        found += await there.sort(MOMENT, pymongo.DESCENDING).limit(number).to_list()
    found.sort(key=lambda each: each["klantcontact"]["plaatsgevondenOp"], reverse=True)
    return [each["_id"] for each in found[:number]]
