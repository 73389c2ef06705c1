"""Unpacks compressed batches within a limit, which holds before memory is taken.

A fetch is bounded in bytes as they were compressed. 32 kB of zstd can hold one record of 1 GB, and the codecs that
aiokafka uses take that memory at once; where there is none, the process aborts. These four stop at the limit, whatever
a header promises.
"""

import gzip
import io
import zlib
from collections.abc import Callable
from mmap import mmap
from struct import unpack_from
from typing import Final

import cramjam
from aiokafka.errors import CorruptRecordException

XERIAL: Final = b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
"""The head of a stream of the Java library. Without it the data is one block."""

GZIP_PART_BYTES: Final = 256 * 1024

NEEDS_MORE: Final = (
    "failed to write whole buffer",
    "Frame requires too much memory",  # zstd: the frame names a window over 128 MiB
    "Allocation error",  # zstd: there is no memory for a smaller one
)
"""What cramjam says of data that unpacks to more than there is room for. It has no type for that."""


class BatchTooLarge(Exception):
    """A batch unpacks to more than the limit."""


class Unpacker:
    """Unpacks with each of Kafka's codecs. It raises BatchTooLarge, and CorruptRecordException for broken data."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        # One byte more than may be filled. The kernel gives memory to those pages alone that are written.
        self._room = mmap(-1, most_bytes + 1)

    def gzip(self, data: bytes | memoryview) -> bytes:
        """Unpack gzip."""
        parts: list[bytes] = []
        left = self._most_bytes
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                while part := file.read(GZIP_PART_BYTES):
                    parts.append(part)
                    left -= len(part)
                    if left < 0:
                        raise BatchTooLarge
        except (OSError, EOFError, zlib.error) as error:
            raise _corrupt("gzip", error) from error
        return b"".join(parts)

    def snappy(self, data: bytes | memoryview) -> bytes:
        """Unpack snappy: one block, or the blocks of Java's stream."""
        data = bytes(data)
        if not data.startswith(XERIAL):
            return self._snappy_block(data, self._most_bytes)
        blocks: list[bytes] = []
        left, at = self._most_bytes, len(XERIAL)
        while at < len(data):
            if at + 4 > len(data):
                raise _corrupt("snappy", None)
            (length,) = unpack_from(">I", data, at)
            at += 4
            if length > len(data) - at:
                raise _corrupt("snappy", None)
            blocks.append(self._snappy_block(data[at : at + length], left))
            left -= len(blocks[-1])
            at += length
        return b"".join(blocks)

    def lz4(self, data: bytes) -> bytes:
        """Unpack an lz4 frame."""
        return self._into_room("lz4", cramjam.lz4.decompress_into, data)

    def zstd(self, data: bytes) -> bytes:
        """Unpack zstd."""
        return self._into_room("zstd", cramjam.zstd.decompress_into, data)

    def _snappy_block(self, block: bytes, most_bytes: int) -> bytes:
        """Unpack a block. Its head says how much memory it takes, so that is looked at first."""
        try:
            if cramjam.snappy.decompress_raw_len(block) > most_bytes:
                raise BatchTooLarge
            return bytes(cramjam.snappy.decompress_raw(block))
        except cramjam.DecompressionError as error:
            raise _corrupt("snappy", error) from error

    def _into_room(self, codec: str, unpack: Callable[[bytes, memoryview], int], data: bytes) -> bytes:
        with memoryview(self._room) as room:
            try:
                length = unpack(data, room)
            except cramjam.DecompressionError as error:
                if str(error).startswith(NEEDS_MORE):
                    raise BatchTooLarge from error
                raise _corrupt(codec, error) from error
            if length > self._most_bytes:
                raise BatchTooLarge
            return bytes(room[:length])


def _corrupt(codec: str, error: Exception | None) -> CorruptRecordException:
    why = f" ({error})" if error else ""
    return CorruptRecordException(f"A batch in {codec} can't be unpacked{why}")
