"""A transaction that Kafka has ended in its books, and forgot to end in the logs.

Apache Kafka 4.3.1 does that when a broker is shut down in the moment after a commit: the transaction coordinator writes
CompleteCommit, and the markers that make the records visible, and the offset count, are in none of the partitions (seen
in the logs of such a broker; one stop under load in six did it). Nobody ends it any more: whoever reads
committed records waits for ever, and the committed offset is never certain again.

The next marker of the same producer id ends it as well, the way that marker says. So it is aborted, in every partition
that it can have touched: nobody has seen anything of it, the offset counts as it was before, and what it held is
handled and published again.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition


async def abort_hanging_transaction(
    producer: AIOKafkaProducer, *, group: str, partition: TopicPartition, topics: Sequence[str]
) -> None:
    """Abort what an earlier start of this producer left behind in any partition of `topics`, and its offset.

    What is written for that is part of an aborted transaction: no reader of committed records sees it.
    """
    await producer.begin_transaction()
    written = [
        await _write_nothing(producer, topic, each)
        for topic in topics
        for each in sorted(await producer.partitions_for(topic))
    ]
    await producer.send_offsets_to_transaction({partition: 0}, group)
    await asyncio.gather(*written)
    await producer.abort_transaction()


async def _write_nothing(producer: AIOKafkaProducer, topic: str, partition: int) -> asyncio.Future[object]:
    batch = producer.create_batch()
    batch.append(timestamp=None, key=None, value=None, headers=[])
    written: asyncio.Future[object] = await producer.send_batch(batch, topic, partition=partition)
    return written
