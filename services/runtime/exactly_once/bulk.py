"""Sends many messages through aiokafka at once: a few batches and futures instead of one future for each message.

It chooses partitions as librdkafka does, by the CRC-32 of a key. The murmur2 of Kafka's Java clients takes Python nine
times as long, and nothing depends on which of the two it is.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from services.runtime.exactly_once.ports import Message


async def send_in_bulk(producer: AIOKafkaProducer, messages: Sequence[Message]) -> Sequence[asyncio.Future[object]]:
    """Send messages in the producer's transaction. Return a future for each batch, done when the batch is written.

    Messages of one topic and key keep their order.
    """
    topics = {message.topic for message in messages}
    counts = {topic: len(await producer.partitions_for(topic)) for topic in topics}
    batches = [_batches(producer, partition, own) for partition, own in _by_partition(messages, counts).items()]
    # The first batch of every partition goes before the second of any. aiokafka adds partitions that wait together to
    # the transaction in one round trip. A second batch waits until the first is sent, and is not built before that,
    # since its bytes would be held twice.
    rounds = chain.from_iterable(zip_longest(*batches))
    return [
        await producer.send_batch(batch, topic, partition=partition)
        for (topic, partition), batch in (each for each in rounds if each is not None)
    ]


def _by_partition(messages: Iterable[Message], counts: dict[str, int]) -> dict[tuple[str, int], list[Message]]:
    """Divide messages over topics and partitions. Those of one topic without a key go to one partition, at random."""
    without_key = random.getrandbits(32)
    by_partition: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
    for message in messages:
        hashed = without_key if message.key is None else crc32(message.key)
        by_partition[message.topic, hashed % counts[message.topic]].append(message)
    return by_partition


def _batches(
    producer: AIOKafkaProducer, partition: tuple[str, int], messages: Iterable[Message]
) -> Iterator[tuple[tuple[str, int], BatchBuilder]]:
    batch = producer.create_batch()
    for message in messages:
        # A full batch refuses the message; an empty one takes any.
        if not _append(batch, message):
            yield partition, batch
            batch = producer.create_batch()
            _append(batch, message)
    yield partition, batch


def _append(batch: BatchBuilder, message: Message) -> bool:
    appended = batch.append(timestamp=None, key=message.key, value=message.value, headers=list(message.headers))
    return appended is not None
