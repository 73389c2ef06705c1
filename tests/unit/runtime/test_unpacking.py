"""Batches are unpacked up to a limit, with each codec of Kafka, and no byte further."""

import gzip
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator

import cramjam
import pytest
from aiokafka import TopicPartition, codec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.runtime.kafka.patches import MAX_TAKEN_BYTES, TolerantRecords, bound_unpacking
from services.runtime.kafka.records import OversizedBatch, as_record, tell_oversized
from services.runtime.kafka.unpacking import XERIAL, BatchTooLarge, Unpacker
from services.runtime.settings import Settings
from tests.support.bombs import GZIP, LZ4, MIB, SNAPPY, ZSTD, bomb

LIMIT = 100_000
PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "snappy": codec.snappy_encode,
    "lz4": codec.lz4_encode,
    "zstd": codec.zstd_encode,
}
CODECS = sorted(PACKS)


def unpack(name: str, data: bytes, limit: int = LIMIT) -> bytes:
    unpacked: bytes = getattr(Unpacker(limit), name)(data)
    return unpacked


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT])
def test_what_fits_is_unpacked(name: str, size: int) -> None:
    data = bytes(index * index % 251 for index in range(size))
    assert unpack(name, PACKS[name](data)) == data


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("size", [LIMIT + 1, 40 * LIMIT])
def test_what_is_larger_is_refused(name: str, size: int) -> None:
    with pytest.raises(BatchTooLarge):
        unpack(name, PACKS[name](bytes(size)))


@pytest.mark.parametrize("name", CODECS)
def test_the_limit_counts_from_anew_for_each_batch(name: str) -> None:
    unpacker = getattr(Unpacker(LIMIT), name)
    packed = PACKS[name](b"x" * LIMIT)
    assert [len(unpacker(packed)) for _ in range(3)] == [LIMIT] * 3


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("part", [0.01, 0.5, 0.95])
def test_what_is_cut_off_is_corrupt(name: str, part: float) -> None:
    packed = PACKS[name](bytes(index * index % 251 for index in range(5_000)))
    with pytest.raises(CorruptRecordException):
        unpack(name, packed[: int(len(packed) * part)])


@pytest.mark.parametrize("name", CODECS)
def test_what_was_never_packed_is_corrupt(name: str) -> None:
    with pytest.raises(CorruptRecordException):
        unpack(name, b"\x07 this is no packed text " * 20)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_parts_that_fit_alone_and_not_together_are_refused(name: str) -> None:
    part = PACKS[name](bytes(LIMIT // 2))
    assert len(unpack(name, part * 2)) == LIMIT
    with pytest.raises(BatchTooLarge):
        unpack(name, part * 3)


def test_blocks_of_snappy_that_fit_alone_and_not_together_are_refused() -> None:
    block = bytes(cramjam.snappy.compress_raw(bytes(LIMIT // 2)))
    stream = struct.pack(">I", len(block)) + block
    assert len(unpack("snappy", XERIAL + stream * 2)) == LIMIT
    with pytest.raises(BatchTooLarge):
        unpack("snappy", XERIAL + stream * 3)


@pytest.mark.parametrize("framed", [False, True])
def test_a_block_of_snappy_that_promises_four_gigabytes_takes_none_of_them(*, framed: bool) -> None:
    lying = b"\xff\xff\xff\xff\x0f" + b"\0" * 20
    stream = XERIAL + struct.pack(">I", len(lying)) + lying
    with pytest.raises(BatchTooLarge):
        unpack("snappy", stream if framed else lying)


@pytest.mark.parametrize("length", [-4, -1, 2**31 - 1, 21])
def test_a_block_of_snappy_whose_length_lies_is_corrupt(length: int) -> None:
    with pytest.raises(CorruptRecordException):
        unpack("snappy", XERIAL + struct.pack(">i", length) + b"\0" * 20)


@pytest.mark.parametrize(
    ("descriptor", "size", "refusal"),
    [
        pytest.param(0xE0, struct.pack("<Q", 2**40), BatchTooLarge, id="a window of a terabyte"),
        pytest.param(0xA0, struct.pack("<I", 64 * LIMIT), CorruptRecordException, id="more than there is"),
        pytest.param(0xA0, struct.pack("<I", 3), CorruptRecordException, id="less than there is"),
    ],
)
def test_a_frame_of_zstd_whose_size_lies_takes_no_memory_for_it(
    descriptor: int, size: bytes, refusal: type[Exception]
) -> None:
    raw_block = struct.pack("<I", 5 << 3 | 1)[:3] + b"hello"
    with pytest.raises(refusal):
        unpack("zstd", b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + size + raw_block)


def test_a_frame_of_zstd_whose_window_finds_no_memory_is_too_large() -> None:
    """A window of 128 MiB, the largest that zstd takes, in a process of which the address space ends before that."""
    program = (
        "import resource\n"
        "from services.runtime.kafka.unpacking import BatchTooLarge, Unpacker\n"
        "unpacker = Unpacker(1000)\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "limit = pages * resource.getpagesize() + 64 * 1024 * 1024\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "try: unpacker.zstd(bytes.fromhex('28b52ffd0088') + bytes.fromhex('290000') + b'hello')\n"
        "except BatchTooLarge: print('too large')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("too large\n", "")


def test_a_frame_of_lz4_that_promises_a_terabyte_takes_none_of_it() -> None:
    packed = bytearray(cramjam.lz4.compress(b"hello"))
    assert not packed[4] & 8, "else it holds its size already"
    lying = bytes(packed[:4]) + bytes([packed[4] | 8, packed[5]]) + struct.pack("<Q", 2**40) + bytes(packed[6:])
    with pytest.raises(CorruptRecordException):
        unpack("lz4", lying)


# As aiokafka's consumer reads --------------------------------------------------------------------------------------


@pytest.fixture
def _bounded() -> Iterator[None]:
    bound_unpacking(LIMIT)
    yield
    bound_unpacking(Settings().max_unpacked_bytes)


def raw_batch(codec_number: int, zeros: int, *, base: int = 0, records: int = 1) -> bytes:
    raw = bytes(bomb(codec_number, zeros=zeros, records=records).build())
    return struct.pack(">q", base) + raw[8:]


@pytest.mark.parametrize("codec_number", [GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.usefixtures("_bounded")
def test_one_record_without_content_stands_at_the_last_offset_of_a_batch_that_is_too_large(codec_number: int) -> None:
    fits = raw_batch(codec_number, LIMIT // 2, base=10, records=2)
    records = _records(fits + raw_batch(codec_number, 2 * LIMIT, base=12, records=5) + raw_batch(ZSTD, 9, base=17))

    read = [as_record(each) for each in records]

    assert [(each.offset, each.value, each.oversized is not None) for each in read] == [
        (10, bytes(LIMIT // 2), False),
        (11, b"", False),
        (16, None, True),
        (17, bytes(9), False),
    ]
    assert read[2].oversized is not None
    assert (read[2].oversized.first_offset, read[2].oversized.last_offset) == (12, 16)
    assert (read[2].key, read[2].headers, read[2].written_at) == (None, (), read[1].written_at)
    assert records.next_fetch_offset == 18


@pytest.mark.usefixtures("_bounded")
def test_a_reader_that_begins_within_such_a_batch_goes_on_after_it() -> None:
    records = _records(raw_batch(ZSTD, 2 * LIMIT, base=12, records=5), fetch_offset=14)
    assert [each.offset for each in records] == [16]
    assert records.next_fetch_offset == 17


def test_such_a_batch_is_logged_and_counted_where_it_is_passed_over() -> None:
    before = REGISTRY.get_sample_value("klantcontact_oversized_batches_total") or 0
    with capture_logs() as logs:
        tell_oversized("contact.ended", 3, OversizedBatch.of(12, 16))
    place = {"topic": "contact.ended", "partition": 3, "first_offset": 12, "last_offset": 16}
    assert logs == [{"event": "batch.oversized", "log_level": "error", **place}]
    assert REGISTRY.get_sample_value("klantcontact_oversized_batches_total") == before + 1


@pytest.mark.usefixtures("_bounded")
def test_a_batch_that_was_aborted_is_not_unpacked() -> None:
    raw = bytearray(raw_batch(ZSTD, 2 * LIMIT, records=3))
    raw[22] |= 0x10  # the attribute of a transaction, in its second byte
    raw[43:51] = struct.pack(">q", 7)
    records = _records(bytes(raw), aborted=[(7, 0)])
    assert list(records) == []
    assert records.next_fetch_offset == 3


def _records(
    raw: bytes, *, fetch_offset: int = 0, aborted: list[tuple[int, int]] | None = None
) -> fetcher.PartitionRecords:
    place = TopicPartition("contact.ended", 0)
    return fetcher.PartitionRecords(
        place,
        TolerantRecords(raw),
        aborted,
        fetch_offset,
        key_deserializer=None,
        value_deserializer=None,
        check_crcs=False,
        isolation_level=fetcher.READ_COMMITTED,
    )


class _Assignment:
    """An assignment of one partition, and the position in it."""

    active = True
    paused = False
    position = 0

    def state_value(self, _: object) -> "_Assignment":
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position


def test_a_poll_takes_no_more_of_a_partition_once_it_has_enough_bytes() -> None:
    bound_unpacking(16 * MIB)
    half = MAX_TAKEN_BYTES // 2 + 1
    raw = b"".join(raw_batch(ZSTD, half, base=base) for base in range(5))
    assignment = _Assignment()
    result = fetcher.FetchResult(None, assignment=assignment, partition_records=_records(raw), backoff=0)

    polls = [[each.offset for each in result.getall(10)] for _ in range(3)]

    assert polls == [[0, 1], [2, 3], [4]]
    assert assignment.position == 5
    assert not result.has_more()


def test_a_poll_takes_as_many_records_as_are_wanted() -> None:
    bound_unpacking(16 * MIB)
    raw = b"".join(raw_batch(ZSTD, 10, base=base) for base in range(5))
    result = fetcher.FetchResult(None, assignment=_Assignment(), partition_records=_records(raw), backoff=0)
    assert [len(result.getall(2)), len(result.getall(2)), len(result.getall(2))] == [2, 2, 1]
