"""Batches that are small as they are sent, and huge once they are unpacked."""

import gzip
from collections.abc import Callable, Mapping
from typing import Final

import cramjam
from aiokafka import AIOKafkaProducer
from aiokafka.codec import lz4_encode, snappy_encode
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.util import encode_varint

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
"""The codecs, by their number in a batch."""

MIB: Final = 1024 * 1024

BOMBS: Final[Mapping[int, int]] = {GZIP: 640 * MIB, SNAPPY: 18 * MIB, LZ4: 200 * MIB, ZSTD: 1024 * MIB}
"""The bytes of one record that a batch of each codec can hold within the 1 MiB that a topic takes."""


async def publish_bomb(
    bootstrap: str, topic: str, codec: int, *, zeros: int | None = None, records: int = 1, times: int = 1
) -> None:
    """Publish a batch of records to partition 0. The first holds so many zeros, the others nothing."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as sender:
        for _ in range(times):
            batch = sender.create_batch()
            batch._builder = bomb(codec, zeros=zeros or BOMBS[codec], records=records)
            batch._relative_offset = records
            await (await sender.send_batch(batch, topic, partition=0))


def bomb(codec: int, *, zeros: int, records: int = 1) -> _DefaultRecordBatchBuilderPy:
    """Return the builder of such a batch. It is never in memory as a whole where the codec joins what is packed."""
    builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, MIB)
    for offset in range(records):
        builder.append(offset, 1_790_000_000_000, None, b"", [])
    compressed = _compressed(codec, zeros, b"".join(_record(offset) for offset in range(1, records)))

    def compress() -> bool:
        builder._buffer[builder.HEADER_STRUCT.size :] = compressed
        return True

    builder._maybe_compress = compress
    return builder


def _compressed(codec: int, zeros: int, others: bytes) -> bytes:
    head, chunk = _record(0, zeros)[:-1], bytes(min(zeros, 16 * MIB))
    times, rest = divmod(zeros, len(chunk))
    end = bytes(rest) + b"\0" + others
    if codec in (SNAPPY, LZ4):
        return _PACK[codec](head + bytes(zeros) + b"\0" + others)
    pack = _PACK[codec]
    return pack(head) + pack(chunk) * times + pack(end)


def _record(offset: int, zeros: int = 0) -> bytes:
    """Return a record whose value is so many zeros. The zeros themselves are left out."""
    body = bytearray(b"\0\0")  # attributes, and the time after the batch's
    for number in (offset, -1, zeros):
        encode_varint(number, body.append)
    body += b"\0"  # headers
    length = bytearray()
    encode_varint(len(body) + zeros, length.append)
    return bytes(length + body)


_PACK: Final[Mapping[int, Callable[[bytes], bytes]]] = {
    GZIP: lambda data: gzip.compress(data, 9),
    SNAPPY: snappy_encode,
    LZ4: lz4_encode,
    ZSTD: lambda data: bytes(cramjam.zstd.compress(data, level=19)),
}
