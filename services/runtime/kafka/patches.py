"""Records whose header names are no UTF-8, which a broker takes and some clients send.

aiokafka 0.14 raises UnicodeDecodeError on one, from the middle of a poll and at every further try: a single such record
would stop its partition for good. Here the batch that it lies in is read again with what can't be decoded escaped.

Records that were gone from Kafka before their turn came: the one loss that waiting does not make up for.

Retention takes them where nobody has read for too long; a topic that was made anew under its name has lost them too.
aiokafka then goes on where the partition begins, and says so only in its log, at a level below ours. That line is
listened to, so that nothing is skipped silently.

TLS connections to Kafka that end when they are closed.

asyncio and uvloop wait up to 30 s for the broker's farewell, which does not come while it still answers a fetch
(uvloop#471; seen at many stops of a consumer). Every other command, and the stop of a service, would take that long.
Nothing is lost by not waiting: aiokafka closes a connection when all that matters on it was answered.
"""

import logging
from collections.abc import Iterator
from itertools import islice
from struct import unpack_from
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

from services.runtime.observe import metrics

LENGTH_OFFSET: Final = 8
LOG_OVERHEAD: Final = 12
"""Of a batch on the wire: its base offset, and the length of the rest."""


def tolerate_header_names() -> None:
    """Let aiokafka's consumers read records in this way, from now on and in this process."""
    fetcher.MemoryRecords = TolerantRecords


class TolerantRecords:
    """Takes the place of aiokafka's reader of a partition's part of a fetch."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records: Any = MemoryRecords(data)
        self._position = 0

    def has_next(self) -> bool:
        """Say whether there is another whole batch."""
        return bool(self._records.has_next())

    def size_in_bytes(self) -> int:
        """Give the size of everything."""
        return len(self._data)

    def next_batch(self) -> "TolerantBatch":
        """Give the next batch."""
        begin = self._position
        (length,) = unpack_from(">i", self._data, begin + LENGTH_OFFSET)
        self._position = begin + LOG_OVERHEAD + length
        return TolerantBatch(self._records.next_batch(), memoryview(self._data)[begin : self._position])


class TolerantBatch:
    """A batch of aiokafka; only going through its records differs."""

    def __init__(self, batch: Any, raw: memoryview) -> None:  # noqa: ANN401 - aiokafka's classes have no common type
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._batch, name)

    def __next__(self) -> Any:  # noqa: ANN401
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                read += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(_read_again(self._raw), read, None)


def _read_again(raw: memoryview) -> Iterator[Any]:
    batch = _DefaultRecordBatchPy(raw)
    records: Iterator[Any] = iter(batch)  # which also uncompresses it
    batch._buffer = _Escaping(batch._buffer)  # noqa: SLF001 - it is read in Python, and offers no other way
    return records


class _Escaping(bytearray):
    """Bytes whose parts decode without fail: what is no UTF-8 is shown as the number of its byte."""

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - an index or a slice
        part = super().__getitem__(key)
        return _Escaping(part) if isinstance(part, bytearray) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


log = structlog.get_logger()

FETCHER: Final = logging.getLogger("aiokafka.consumer.fetcher")

RESET: Final = "Fetch offset %s is out of range for partition %s,"
"""How that line begins (aiokafka 0.14). The fetcher has no other between a warning and debugging."""


def tell_missing(partition: TopicPartition, *, next_offset: int, first_offset: int | None = None) -> None:
    """Log and count that what came next is gone. Without `first_offset`: where it goes on is not known yet."""
    metrics.RECORDS_MISSING.inc()
    log.error(
        "records.missing",
        topic=partition.topic,
        partition=partition.partition,
        next_offset=next_offset,
        first_offset=first_offset,
    )


class _Resets(logging.Filter):
    """Takes the line out of the fetcher's log; of all others what stood there before passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        match record.args:
            case (int() as next_offset, TopicPartition() as partition) if record.msg.startswith(RESET):
                tell_missing(partition, next_offset=next_offset)
                return False
        return record.levelno >= logging.WARNING


_RESETS: Final = _Resets()


def listen_for_resets() -> None:
    """Tell of every partition whose next record is gone, from now on. Doing it twice changes nothing."""
    FETCHER.setLevel(logging.INFO)
    FETCHER.addFilter(_RESETS)


_close = AIOKafkaConnection.close


def end_when_closed() -> None:
    """Let aiokafka's connections end in this way, from now on and in this process."""
    AIOKafkaConnection.close = _close_at_once


def _close_at_once(
    connection: AIOKafkaConnection, reason: CloseReason | None = None, exc: BaseException | None = None
) -> Any:  # noqa: ANN401 - aiokafka has no types
    writer = connection._writer  # noqa: SLF001 - nothing public leads to the transport
    closed = _close(connection, reason, exc)
    if writer is not None:
        writer.transport.abort()
    return closed
