"""A key has one partition of each topic, the one that librdkafka chooses."""

import asyncio
from collections import Counter

from aiokafka.producer.message_accumulator import BatchBuilder

from services.runtime.exactly_once.bulk import send_in_bulk
from services.runtime.exactly_once.ports import Message

IN_FOUR = {
    b"klantcontact-0": 3,
    b"klantcontact-1": 1,
    b"klantcontact-2": 3,
    b"klantcontact-3": 1,
    b"klantcontact-4": 2,
    b"klantcontact-5": 0,
    b"a-little-bit-long-string": 2,
    b"\xff\x00": 1,
}
"""Where a producer of librdkafka 2.16.0 put these keys in a topic of four partitions."""


class Sent:
    """Stands in for aiokafka's producer, and counts the records of each partition."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self.records: Counter[tuple[str, int]] = Counter()

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(1_000, 0, is_transactional=True)

    async def partitions_for(self, _topic: str) -> set[int]:
        return set(range(self._partitions))

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[object]:
        self.records[topic, partition] += batch.record_count()
        return asyncio.get_running_loop().create_future()


async def sent(*messages: tuple[str, bytes | None], partitions: int = 4) -> Counter[tuple[str, int]]:
    producer = Sent(partitions)
    await send_in_bulk(producer, [Message(topic, key, b"value", ()) for topic, key in messages])
    return producer.records


async def test_a_key_goes_where_librdkafka_puts_it_in_every_topic() -> None:
    found = {key: await sent(("registered", key), ("taak", key)) for key in IN_FOUR}

    assert found == {key: {("registered", at): 1, ("taak", at): 1} for key, at in IN_FOUR.items()}


async def test_keys_reach_all_partitions() -> None:
    assert len(await sent(*(("registered", b"key-%d" % number) for number in range(200)), partitions=12)) == 12


async def test_messages_without_a_key_share_a_partition_of_their_batch_and_batches_differ() -> None:
    batches = [await sent(*[("dlq", None)] * 3) for _ in range(50)]

    assert {number for batch in batches for number in batch.values()} == {3}
    assert {partition for batch in batches for _, partition in batch} == {0, 1, 2, 3}


async def test_more_than_a_batch_of_aiokafka_goes_in_several() -> None:
    assert await sent(*[("registered", b"klantcontact-0")] * 100) == {("registered", 3): 100}
