"""Records whose header names are any bytes, which some clients send."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy


async def publish_with_header_names(
    bootstrap: str, topic: str, names: Sequence[bytes], *, compression: int = 0
) -> None:
    """Publish one batch; only aiokafka's own builder in Python lets a name be any bytes."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as sender:
        batch = sender.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 100_000)
        for number, name in enumerate(names):
            value = b"%d" % number
            batch.append(timestamp=None, key=value, value=value, headers=[(_Name(name), b"1")])
        await (await sender.send_batch(batch, topic, partition=0))


class _Name:
    """A header's name that is encoded as it is."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def encode(self, _: str) -> bytes:
        return self._name
