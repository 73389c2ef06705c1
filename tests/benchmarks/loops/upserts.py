"""The bar for the projector: each event becomes a bare upsert of the document that it is about, as it is in the end.

The documents are those that the projector made of the same events, and the collections have the same indexes and
validators. Nothing is merged, validated by us or looked up. Run as a process of its own.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pymongo import AsyncMongoClient, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from services.projector.mongo.layout import prepare
from services.projector.mongo.writes import Collection

Documents = Mapping[str, tuple[str, Mapping[str, Any]]]
"""By id: the collection of a document, and what it holds beside its id."""

REMEMBERED_SECONDS: Final = 24 * 60 * 60
DUPLICATE_KEY: Final = 11000


async def run(bootstrap: str, mongo_uri: str, database: str, made: str, topics: str, group: str, size: str) -> None:
    """Upsert until the process is ended. `made` is the database that the projector made of the same topics."""
    client = AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True)
    documents = await _documents(client[made])
    await prepare(client[database], REMEMBERED_SECONDS)
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(
        *topics.split(","),
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    while True:
        fetched = await consumer.getmany(timeout_ms=50, max_records=4 * int(size))
        async with asyncio.TaskGroup() as side_by_side:
            for partition, records in fetched.items():
                side_by_side.create_task(_handle(consumer, client[database], documents, partition, records, int(size)))


async def _handle(
    consumer: AIOKafkaConsumer,
    database: AsyncDatabase[dict[str, Any]],
    documents: Documents,
    partition: TopicPartition,
    records: Sequence[ConsumerRecord[bytes, bytes]],
    size: int,
) -> None:
    for start in range(0, len(records), size):
        batch = records[start : start + size]
        upserts = defaultdict[str, list[UpdateOne]](list)
        for record in batch:
            for key in _ids(orjson.loads(record.value)["data"]):
                if key in documents:
                    collection, values = documents[key]
                    upserts[collection].append(UpdateOne({"_id": key}, {"$set": values}, upsert=True))
        for collection, operations in upserts.items():
            await _write(database, collection, operations)
        await consumer.commit({partition: batch[-1].offset + 1})


async def _write(database: AsyncDatabase[dict[str, Any]], collection: str, operations: Sequence[UpdateOne]) -> None:
    try:
        await database[collection].bulk_write(operations, ordered=False)
    except BulkWriteError as error:
        # Two partitions can insert one partij at the same moment; then it is there.
        if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
            raise


def _ids(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of the documents that an event is about."""
    for part, name in (("interneTaak", "taakId"), ("klantcontact", "klantcontactId"), ("partij", "partijId")):
        if part in data or name in data:
            yield data.get(part, data)[name]
            break
    for partij in data.get("partijen", ()):
        yield partij["partijId"]


async def _documents(database: AsyncDatabase[dict[str, Any]]) -> Documents:
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for collection in Collection:
        async for document in database[collection].find():
            found[document.pop("_id")] = (collection, document)
    return found


if __name__ == "__main__":
    uvloop.run(run(*sys.argv[1:]))
