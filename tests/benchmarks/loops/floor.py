"""The floor under the classifier: the same calls of Kafka and MongoDB, while nothing is parsed or decided.

It copies each batch of a partition in a Kafka transaction, with the classifier's MongoDB calls in one transaction
before it. Run as a process of its own.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from pymongo import AsyncMongoClient, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Records = Sequence["ConsumerRecord[bytes, bytes]"]


@dataclass(frozen=True)
class Floor:
    """The loop and all that it reads and writes."""

    bootstrap: str
    mongo_uri: str
    database: str
    source: str
    target: str
    group: str
    batch_size: int

    async def run(self) -> None:
        """Copy until the process is ended."""
        consumer: AIOKafkaConsumer = AIOKafkaConsumer(
            self.source,
            bootstrap_servers=self.bootstrap,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        client = AsyncMongoClient[dict[str, Any]](self.mongo_uri)
        await client[self.database]["floor_partijen"].create_index("sleutels", unique=True)
        await client[self.database]["floor_besluiten"].create_index("partijen.partijId", sparse=True)
        # An index makes the collection: made inside a transaction it would let the others of that moment fail.
        await client[self.database]["floor_tellingen"].create_index("source", sparse=True)
        producers: dict[TopicPartition, AIOKafkaProducer] = {}
        while True:
            fetched = await consumer.getmany(timeout_ms=50, max_records=4 * self.batch_size)
            for partition in fetched:
                if partition not in producers:
                    producers[partition] = await self._producer(partition)
            async with asyncio.TaskGroup() as side_by_side:
                for partition, records in fetched.items():
                    side_by_side.create_task(self._handle(producers[partition], client, partition, records))

    async def _producer(self, partition: TopicPartition) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            transactional_id=f"{self.group}-{partition.partition}",
            retry_backoff_ms=10,
            max_batch_size=512 * 1024,
        )
        await producer.start()
        return producer

    async def _handle(
        self,
        producer: AIOKafkaProducer,
        client: AsyncMongoClient[dict[str, Any]],
        partition: TopicPartition,
        records: Records,
    ) -> None:
        for start in range(0, len(records), self.batch_size):
            batch = records[start : start + self.batch_size]
            position = {partition: batch[-1].offset + 1}
            await self._record(client, batch)
            async with producer.transaction():
                await self._copy(producer, partition, batch)
                await producer.send_offsets_to_transaction(position, self.group)

    async def _copy(self, producer: AIOKafkaProducer, partition: TopicPartition, records: Records) -> None:
        written = []
        batch = producer.create_batch()
        for record in records:
            if batch.append(timestamp=None, key=record.key, value=record.value) is None:
                written.append(await producer.send_batch(batch, self.target, partition=partition.partition))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=record.key, value=record.value)
        written.append(await producer.send_batch(batch, self.target, partition=partition.partition))
        await asyncio.gather(*written)

    async def _record(self, client: AsyncMongoClient[dict[str, Any]], records: Records) -> None:
        """Find twice, insert a record for each, upsert a partij for each, and count: what a batch asks of MongoDB."""
        database = client[self.database]
        besluiten, partijen = database["floor_besluiten"], database["floor_partijen"]
        keys = [f"{record.partition}-{record.offset}-000000000000000000000" for record in records]
        async with client.start_session() as session:
            await session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )
            await besluiten.find({"_id": {"$in": keys}}, session=session).to_list()
            await partijen.find({"sleutels": {"$in": keys}}, session=session).to_list()
            await besluiten.insert_many([_besluit(key) for key in keys], ordered=False, session=session)
            await partijen.bulk_write(
                [UpdateOne({"_id": key}, {"$set": _partij(key)}, upsert=True) for key in keys], session=session
            )
            counted = UpdateOne({"_id": records[0].partition}, {"$inc": {"V4": len(keys)}}, upsert=True)
            await database["floor_tellingen"].bulk_write([counted], ordered=False, session=session)
            await session.commit_transaction()


def _besluit(key: str) -> dict[str, Any]:
    return {
        "_id": key,
        "source": "urn:nld:oin:00000001823288444000:systeem:telefonie",
        "contactId": key,
        "revisie": 1,
        "besluitversie": 1,
        "digest": "1:0123456789012345678901234567890123456789012",
        "beslotenOp": "2026-11-20T10:00:00.000000+00:00",
        "onderwerpen": [{"onderwerpId": "0", "regel": "V4", "klantcontact": True}],
        "partijen": [{"partijId": key, "nummer": "1", "versie": 1, "resultaat": "nieuw", "sleutels": [key]}],
    }


def _partij(key: str) -> dict[str, Any]:
    moment = {"op": "2026-11-20T10:00:00.000000+00:00", "source": "urn:nld:oin", "contactId": key}
    return {"nummer": "1", "versie": 1, "contacten": 1, "sleutels": [key], "gegeven": moment, "gevuld": moment}


if __name__ == "__main__":
    bootstrap, mongo_uri, database, source, target, group, size = sys.argv[1:]
    uvloop.run(Floor(bootstrap, mongo_uri, database, source, target, group, int(size)).run())
