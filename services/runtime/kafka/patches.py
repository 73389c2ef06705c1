"""What aiokafka 0.14 does that costs us a partition, a record or half a minute, and what is done about it.

Each patch says what aiokafka does and until which version. One that aiokafka has mended goes, with its test.
"""

import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from itertools import islice
from struct import unpack_from
from typing import Any, Final
from weakref import WeakSet

import structlog
from aiokafka import ConsumerRecord, TopicPartition, client
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.producer import sender
from aiokafka.record.default_records import _DefaultRecordBatchPy, _DefaultRecordPy
from aiokafka.record.memory_records import MemoryRecords

from services.runtime.kafka.records import OversizedBatch
from services.runtime.kafka.unpacking import BatchTooLarge, Unpacker
from services.runtime.observe import metrics

log = structlog.get_logger()

# 1. Header names that are not UTF-8 ----------------------------------------------------------------------------------
#
# A broker takes them, and some clients send them. aiokafka (up to 0.14.0 at least) raises UnicodeDecodeError on such a
# record, in the middle of a poll and at every retry: one record would stop its partition for good. With the patch the
# batch around it is read again, and the bytes that can't be decoded are escaped.

LENGTH_OFFSET: Final = 8
LOG_OVERHEAD: Final = 12
"""Of a batch on the wire: its base offset, and the length of the rest."""


def tolerate_header_names() -> None:
    """Make every consumer of this process read such records from now on. Idempotent."""
    fetcher.MemoryRecords = TolerantRecords


class TolerantRecords:
    """Takes the place of aiokafka's reader of one partition's part of a fetch."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records: Any = MemoryRecords(data)
        self._position = 0

    def has_next(self) -> bool:
        """Whether there is another whole batch."""
        return bool(self._records.has_next())

    def size_in_bytes(self) -> int:
        """Return the size of all batches."""
        return len(self._data)

    def next_batch(self) -> "TolerantBatch":
        """Return the next batch."""
        begin = self._position
        (length,) = unpack_from(">i", self._data, begin + LENGTH_OFFSET)
        self._position = begin + LOG_OVERHEAD + length
        return TolerantBatch(self._records.next_batch(), memoryview(self._data)[begin : self._position])


class TolerantBatch:
    """A batch of aiokafka; only the iteration over its records differs, here and in the fourth patch."""

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
        except BatchTooLarge:
            yield _standing_for(self._batch, self._raw)


def _read_again(raw: memoryview) -> Iterator[Any]:
    batch = _DefaultRecordBatchPy(raw)
    records: Iterator[Any] = iter(batch)  # which also uncompresses it
    batch._buffer = _Escaping(batch._buffer)  # noqa: SLF001 - it is read in Python, and offers no other way
    return records


class _Escaping(bytearray):
    """Bytes whose parts decode without an error: a byte that is no UTF-8 becomes its number."""

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - an index or a slice
        part = super().__getitem__(key)
        return _Escaping(part) if isinstance(part, bytearray) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


# 2. Records that were removed before they were read ------------------------------------------------------------------
#
# The one loss that waiting does not repair: retention removes records that no member of the group has read in time, and
# so does a topic that is deleted and created again. aiokafka (up to 0.14.0 at least) then continues at the beginning of
# the partition, and says so only in its log, at level INFO, which ours leaves out. The patch listens to that line, so
# that no record is skipped silently.

FETCHER: Final = logging.getLogger("aiokafka.consumer.fetcher")

RESET: Final = "Fetch offset %s is out of range for partition %s,"
"""How that line begins. At level INFO the fetcher has no other."""


def tell_missing(partition: TopicPartition, *, next_offset: int, first_offset: int | None = None) -> None:
    """Log and count that the next records are gone. Without `first_offset`: the place to continue is not known yet."""
    metrics.RECORDS_MISSING.inc()
    log.error(
        "records.missing",
        topic=partition.topic,
        partition=partition.partition,
        next_offset=next_offset,
        first_offset=first_offset,
    )


class _Resets(logging.Filter):
    """Takes that line out of the fetcher's log; warnings and errors pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        match record.args:
            case (int() as next_offset, TopicPartition() as partition) if record.msg.startswith(RESET):
                tell_missing(partition, next_offset=next_offset)
                return False
        return record.levelno >= logging.WARNING


_RESETS: Final = _Resets()


def listen_for_resets() -> None:
    """Log and count from now on each partition whose next record is gone. Idempotent."""
    FETCHER.setLevel(logging.INFO)
    FETCHER.addFilter(_RESETS)


# 3. TLS connections that take half a minute to close -----------------------------------------------------------------
#
# asyncio and uvloop wait up to 30 s for the broker's close_notify, which does not come while the broker still answers a
# fetch (uvloop#471). aiokafka (up to 0.14.0 at least) closes its transports in that way, so a command, or the stop of a
# service, takes that long. The patch aborts the transport. Nothing is lost: aiokafka closes a connection only when all
# requests that matter were answered.

_close = AIOKafkaConnection.close


def end_when_closed() -> None:
    """Make aiokafka's connections in this process end as soon as they are closed. Idempotent."""
    AIOKafkaConnection.close = _close_at_once


def _close_at_once(
    connection: AIOKafkaConnection, reason: CloseReason | None = None, exc: BaseException | None = None
) -> Any:  # noqa: ANN401 - aiokafka has no types
    writer = connection._writer  # noqa: SLF001 - nothing public leads to the transport
    closed = _close(connection, reason, exc)
    if writer is not None:
        writer.transport.abort()
    return closed


# 4. Batches that take all memory -------------------------------------------------------------------------------------
#
# aiokafka (up to 0.14.0 at least) unpacks a batch whatever its size, and a poll as many batches as hold the wanted
# number of records. One small batch, or a hundred, can so end every reader at every start. With the patch each codec
# stops at a limit, one record without content stands for the batch, and a poll takes no more of a partition once it
# has enough bytes.

UNPACKING: Final = (
    "aiokafka.record.default_records",
    "aiokafka.record.legacy_records",
    "aiokafka.record._crecords.default_records",
    "aiokafka.record._crecords.legacy_records",
)
"""The modules that unpack. The last two are there where aiokafka was compiled."""

CODECS: Final = ("gzip", "snappy", "lz4", "zstd")

MAX_TAKEN_BYTES: Final = 8 * 1024 * 1024
"""Of one partition in one poll: a poll of usual contacts has less over all partitions."""


def bound_unpacking(most_bytes: int) -> None:
    """Make every consumer of this process unpack so many bytes of a batch at most. The last call counts."""
    unpacker = Unpacker(most_bytes)
    for module in (sys.modules[name] for name in UNPACKING if name in sys.modules):
        for codec in CODECS:
            if hasattr(module, name := f"{codec}_decode"):
                setattr(module, name, getattr(unpacker, codec))
    fetcher.FetchResult.getall = _take_some


def _standing_for(batch: Any, raw: memoryview) -> _DefaultRecordPy:  # noqa: ANN401
    """Return the record that stands for a batch, at its last offset."""
    (first,) = unpack_from(">q", raw)  # a batch of the time before Kafka 0.11 has one offset
    last = first + getattr(batch, "last_offset_delta", 0)
    moment = getattr(batch, "max_timestamp", NO_TIMESTAMP)
    return _DefaultRecordPy(last, moment, 0, None, OversizedBatch.of(first, last), [])


NO_TIMESTAMP: Final = -1
"""Kafka's own word for it."""


def _take_some(result: Any, max_records: int | None = None) -> list[Any]:  # noqa: ANN401
    """Take the next records of what was fetched: so many at most, and none after those that are heavy enough."""
    if not result.check_assignment(result._topic_partition) or not result.has_more():  # noqa: SLF001 - so below
        return []
    taken: list[Any] = []
    weight = 0
    for record in result._partition_records:  # noqa: SLF001
        taken.append(record)
        weight += _bytes_of(record)
        if len(taken) == max_records or weight >= MAX_TAKEN_BYTES:
            result._update_position()  # noqa: SLF001
            return taken
    result._update_position()  # noqa: SLF001
    result._partition_records = None  # noqa: SLF001
    return taken


def _bytes_of(record: "ConsumerRecord[bytes, bytes]") -> int:
    size: int = record.serialized_key_size + record.serialized_value_size  # of an absent one: -1
    for name, value in record.headers:
        size += len(name) + len(value or b"")
    return size


# 5. Connections of a start that is cancelled --------------------------------------------------------------------------
#
# aiokafka (up to 0.14.0 at least) asks the first broker for the cluster on a connection that only a local variable
# knows. Who cancels that start, as a rebalance or a stop does, leaves it open until the garbage collector comes by. The
# patch closes what a start has opened when it does not come to its end.

_connect = client.create_conn
_bootstrap = AIOKafkaClient.bootstrap
_opened: ContextVar[WeakSet[AIOKafkaConnection] | None] = ContextVar("opened", default=None)


def close_cancelled_starts() -> None:
    """Make the clients of this process close their first connection when their start is cancelled. Idempotent."""
    client.create_conn = _noted
    AIOKafkaClient.bootstrap = _bootstrap_or_close


async def _noted(*args: Any, **options: Any) -> AIOKafkaConnection:  # noqa: ANN401 - as aiokafka's own
    connection: AIOKafkaConnection = await _connect(*args, **options)
    opened = _opened.get()
    if opened is not None:
        opened.add(connection)
    return connection


async def _bootstrap_or_close(starting: AIOKafkaClient) -> None:
    # Weak: a task that the start begins inherits the set, and goes on connecting for as long as the client lives.
    opened = WeakSet[AIOKafkaConnection]()
    token = _opened.set(opened)
    try:
        await _bootstrap(starting)
    except BaseException:
        for connection in opened:
            connection.close()
        raise
    finally:
        _opened.reset(token)


# 6. Twenty milliseconds between two transactions ----------------------------------------------------------------------
#
# Kafka refuses a transaction until the markers of the one before are written, which takes some milliseconds. aiokafka
# (up to 0.14.0 at least) then waits for 20, whatever `retry_backoff_ms` says.

MARKERS_SECONDS: Final = 0.005


def follow_transactions_closely() -> None:
    """Make the producers of this process ask again sooner. Idempotent."""
    sender.BACKOFF_OVERRIDE = MARKERS_SECONDS
