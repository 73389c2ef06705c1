"""The hash of a key is the one of Kafka's own clients: a consumer that relies on co-partitioning may count on it."""

from aiokafka.partitioner import murmur2 as slow
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.kafka.bulk import murmur2


@given(st.binary(max_size=100))
def test_it_is_the_hash_of_aiokafka(data: bytes) -> None:
    assert murmur2(data) == slow(data)


def test_it_is_the_hash_of_kafka() -> None:
    # From Kafka's own UtilsTest, there with a sign.
    assert murmur2(b"21") == -973932308 % 2**32
    assert murmur2(b"foobar") == -790332482 % 2**32
    assert murmur2(b"a-little-bit-long-string") == -985981536 % 2**32
    assert murmur2(b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971 % 2**32
