"""The committed offset of a partition, once no transaction can change it any more, and how far others are at least.

aiokafka asks with OffsetFetch v3, whose answer leaves out the offset of a transaction that is decided and not yet
marked everywhere. OffsetFetch v7 has `require_stable` (KIP-447). aiokafka does not know v7, so its fields stand here.
"""

import asyncio
import time
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from services.runtime.errors import InvalidSettings
from services.runtime.kafka import in_process

log = structlog.get_logger()

NOTHING_COMMITTED: Final = -1

ASK_SECONDS: Final = 0.1
"""Between two questions about another partition: about a batch."""

SILENT_SECONDS: Final = 5.0
"""Before a question that was not answered is asked again: many repeats must not wait one after another."""

ANSWER_SECONDS: Final = 1.0
"""Patience with an answer about another partition. Without one, a repeat is published again."""


class UnstableOffset(KafkaError):  # type: ignore[misc] # aiokafka has no types; so below
    """A transaction over this offset is still being completed."""

    errno = 88
    message = "UNSTABLE_OFFSET_COMMIT"
    retriable = True


class OffsetFetchResponseV7(Response):  # type: ignore[misc]
    """The response, as Kafka's protocol guide specifies it."""

    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("name", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("partition_index", Int32),
                        ("committed_offset", Int64),
                        ("committed_leader_epoch", Int32),
                        ("metadata", CompactString("utf-8")),
                        ("error_code", Int16),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("error_code", Int16),
        ("tags", TaggedFields),
    )


class OffsetFetchRequestV7(RequestStruct):  # type: ignore[misc]
    """The request, as Kafka's protocol guide specifies it."""

    API_KEY = 9
    API_VERSION = 7
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = OffsetFetchResponseV7
    SCHEMA = Schema(
        ("group_id", CompactString("utf-8")),
        (
            "topics",
            CompactArray(
                ("name", CompactString("utf-8")), ("partition_indexes", CompactArray(Int32)), ("tags", TaggedFields)
            ),
        ),
        ("require_stable", Boolean),
        ("tags", TaggedFields),
    )


class StableOffsetFetch(Request[OffsetFetchRequestV7]):  # type: ignore[misc]
    """Asks for the committed offset of one partition."""

    API_KEY = 9

    def __init__(self, group: str, partition: TopicPartition) -> None:
        self._group = group
        self._partition = partition

    def build(self, request_struct_class: type[OffsetFetchRequestV7]) -> OffsetFetchRequestV7:
        """Return the request with its fields filled in."""
        topics: list[object] = [(self._partition.topic, [self._partition.partition], {})]
        return request_struct_class(self._group, topics, True, {})  # noqa: FBT003 - aiokafka takes fields in order


async def committed_offset(client: AIOKafkaClient, *, group: str, partition: TopicPartition) -> int | None:
    """Return the offset that the group has committed for a partition; None when it has committed none.

    Raises a KafkaError when there is no answer now, UnstableOffset while a transaction is being ended, and
    InvalidSettings for a Kafka that can't tell.
    """
    if in_process.reads_stable_offsets():
        question: Any = StableOffsetFetch(group, partition)
    else:
        log.warning("offsets.read_unstable", **partition._asdict())
        question = OffsetFetchRequest(group, [(partition.topic, [partition.partition])])
    try:
        return await _answer(client, group, question)
    except NotImplementedError as error:
        raise InvalidSettings("Kafka is older than 2.5, and does nothing exactly once. Use a newer one.") from error


class OthersOffsets:
    """How far the group is in partitions that other instances may hold, as far as was asked.

    An answer leaves out transactions that are being ended. So it may be too low, and is never too high.
    """

    def __init__(self, group: str) -> None:
        self._group = group
        self._known: dict[TopicPartition, int] = {}
        self._not_before: dict[TopicPartition, float] = {}

    async def is_beyond(self, client: AIOKafkaClient, partition: TopicPartition, offset: int) -> bool:
        """Whether the group has committed more than this offset. False when Kafka does not tell at once."""
        if self._known.get(partition, 0) <= offset and time.monotonic() >= self._not_before.get(partition, 0.0):
            pause_seconds = ASK_SECONDS
            question = OffsetFetchRequest(self._group, [(partition.topic, [partition.partition])])
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    self._known[partition] = await _answer(client, self._group, question) or 0
            except (KafkaError, OSError, TimeoutError) as error:
                pause_seconds = SILENT_SECONDS
                log.info("offsets.unknown", **partition._asdict(), exc_info=error)
            self._not_before[partition] = time.monotonic() + pause_seconds
        return self._known.get(partition, 0) > offset


async def _answer(client: AIOKafkaClient, group: str, question: object) -> int | None:
    node_id = await client.coordinator_lookup(CoordinationType.GROUP, group)
    return _offset_in(await client.send(node_id, question, group=ConnectionGroup.COORDINATION))


def _offset_in(response: Response) -> int | None:
    _raise_for(getattr(response, "error_code", NoError.errno))
    for _, partitions, *_ in response.topics:
        for answer in partitions:
            _number, offset, *_metadata, error_code = [field for field in answer if not isinstance(field, dict)]
            _raise_for(error_code)
            return None if offset == NOTHING_COMMITTED else int(offset)
    raise AssertionError("the response holds the partition that was asked for")


def _raise_for(error_code: int) -> None:
    if error_code == UnstableOffset.errno:
        raise UnstableOffset
    error = for_code(error_code)
    if error is not NoError:
        raise error
