"""The same guarantees the plain way: one message at a time, a MongoDB and a Kafka transaction for each.

It decides with our own domain code, so that only the way of working differs. Run as a process of its own.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaProducer, TopicPartition
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from pymongo import AsyncMongoClient

from schemas.reading.decoding import Received, decode
from services.classifier.mongo.register import MongoRegister
from services.domain.case import prepare
from services.domain.outcome import Published
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels


async def run(bootstrap: str, mongo_uri: str, database: str, source: str, target: str, group: str) -> None:
    """Handle messages until the process is ended."""
    store = MongoRegister(AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True), database, DEFAULT)
    await store.prepare()
    sleutels = Sleutels(bytes(32))
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=group, retry_backoff_ms=10)
    await producer.start()
    broker = KafkaBroker(bootstrap, allow_auto_create_topics=False, logger=None)

    @broker.subscriber(
        source, group_id=group, ack_policy=AckPolicy.MANUAL, auto_offset_reset="earliest", decoder=_untouched
    )
    async def handle(message: KafkaMessage) -> None:
        record = message.raw_message
        assert not isinstance(record, tuple), "one message at a time"
        received = decode(record.value)
        async with producer.transaction():
            if isinstance(received, Received):
                case = prepare(received, sleutels, DEFAULT)
                now = datetime.now(UTC)
                (outcome,) = await store.transact([case], lambda register: [register.judge(case, now)])
                if isinstance(outcome, Published):
                    for event in outcome.events("urn:naive:classifier"):
                        await producer.send(target, orjson.dumps(event.body), key=event.key.encode())
            position = {TopicPartition(record.topic, record.partition): record.offset + 1}
            await producer.send_offsets_to_transaction(position, group)

    await FastStream(broker).run()


async def _untouched(_: KafkaMessage) -> None:
    """Leave the body alone."""
    await asyncio.sleep(0)


if __name__ == "__main__":
    uvloop.run(run(*sys.argv[1:]))
