"""The bytes that a topic takes in a broker's log, as the broker itself says."""

from typing import ClassVar

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Int64, Schema, String

from services.runtime.kafka.connection import connected
from services.runtime.settings import Settings

PARTITIONS = Array(("partition", Int32), ("size", Int64), ("offset_lag", Int64), ("is_future", Boolean))


class DescribeLogDirsResponse(Response):  # type: ignore[misc]  # aiokafka ships no types
    """What Kafka answers."""

    API_KEY = 35
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "log_dirs",
            Array(
                ("error_code", Int16),
                ("log_dir", String("utf-8")),
                ("topics", Array(("name", String("utf-8")), ("partitions", PARTITIONS))),
            ),
        ),
    )


class DescribeLogDirsStruct(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    """The request on the wire."""

    API_KEY = 35
    API_VERSION = 1
    RESPONSE_TYPE = DescribeLogDirsResponse
    SCHEMA = Schema(("topics", Array(("topic", String("utf-8")), ("partitions", Array(Int32)))))


class DescribeLogDirs(Request[DescribeLogDirsStruct]):  # type: ignore[misc]  # aiokafka ships no types
    """A question for all topics; aiokafka has none."""

    API_KEY: ClassVar[int] = 35

    def build(self, request_struct_class: type[DescribeLogDirsStruct]) -> DescribeLogDirsStruct:
        """Return it for the wire."""
        return request_struct_class(None)


async def log_bytes(bootstrap: str, topic: str) -> int:
    """Return the bytes of all partitions of a topic, on one broker."""
    connection = await connected(Settings(kafka_bootstrap=bootstrap), bootstrap, timeout_ms=10_000)
    try:
        answer = await connection.send(DescribeLogDirs())
    finally:
        connection.close()
    return sum(
        size
        for _error, _folder, topics in answer.log_dirs
        for name, partitions in topics
        if name == topic
        for _partition, size, _lag, _is_future in partitions
    )
