"""The workaround for KAFKA-20734. Delete this file when Kafka is mended.

When Kafka 4.3.1 ends a transaction, it writes no marker into a partition that has no leader at that moment, and
records the end as complete. Readers of committed records then wait in that partition for ever, and a position there is
never stable again. The next marker of the same producer id ends what hangs. So each start of a writer

1. asks how its last transaction ended (`last_end`),
2. repeats that end in every partition that it can have written to (`repeat_end`), which changes nothing elsewhere.

The start itself aborts an unfinished transaction, and Kafka can forget that abort too. So it is repeated in the
partitions of that transaction, and the commit before it everywhere else.

Kafka also answers "committed" before it writes the markers. If the coordinator then goes away and aiokafka goes on over
a new connection, an abort of the next transaction aborts the committed one as well. So a writer ends with its
connection to the coordinator (`CoordinatorConnection`), and the next start repeats the commit first.
`docs/architecture/exactly-once.md` tells how this was measured, and which risk is left.
"""

import asyncio
from collections.abc import Collection, Sequence
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    ConcurrentTransactions,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    IncompatibleBrokerVersion,
    NoError,
    NotCoordinatorError,
    OperationNotAttempted,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.transaction import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
)
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from schemas.values import value_class
from services.runtime.waiting import pauses

NEVER_SEEN: Final = 105
"""TRANSACTIONAL_ID_NOT_FOUND, for which aiokafka has no name."""

UNFINISHED: Final = "Ongoing"

ABORTS: Final = {"PrepareAbort", "CompleteAbort", "PrepareEpochFence"}
"""The states after an abort. Any other state follows a commit: before an unfinished transaction there was a commit,
since a writer starts anew after an abort."""

POSITIONS: Final = "__consumer_offsets"
"""The topic that holds the positions of groups."""

SOON: Final = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)
"""The errors of a broker that has just started, or has just taken over."""


# How the last transaction ended ---------------------------------------------------------------------------------------


class End(Enum):
    """The end of a transaction."""

    COMMIT = True
    ABORT = False


@value_class(frozen=True, slots=True)
class LastEnd:
    """How the last transaction of a writer ended, or is going to end."""

    end: End
    """The end in all partitions that are not in `to_be_aborted`."""
    to_be_aborted: frozenset[TopicPartition] = frozenset()
    """The partitions of an unfinished transaction, which the next start of its writer aborts. Positions of groups are
    among them."""


class DescribeTransactionsResponse(Response):  # type: ignore[misc] # aiokafka has no types; so below
    """The response, as Kafka's protocol guide specifies it (KIP-664). aiokafka does not have it."""

    API_KEY = 65
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "transactions",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", CompactString("utf-8")),
                ("state", CompactString("utf-8")),
                ("timeout_ms", Int32),
                ("start_time_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                (
                    "topics",
                    CompactArray(
                        ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class DescribeTransactionsRequest(RequestStruct):  # type: ignore[misc]
    """The request, as Kafka's protocol guide specifies it."""

    API_KEY = 65
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = DescribeTransactionsResponse
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class DescribeTransaction(Request[DescribeTransactionsRequest]):  # type: ignore[misc]
    """Asks about one transactional id."""

    API_KEY = 65

    def __init__(self, transactional_id: str) -> None:
        self._transactional_id = transactional_id

    def build(self, request_struct_class: type[DescribeTransactionsRequest]) -> DescribeTransactionsRequest:
        """Return the request with its fields filled in."""
        return request_struct_class([self._transactional_id], {})


async def last_end(client: AIOKafkaClient, transactional_id: str) -> LastEnd | None:
    """Return the last end, or None without one. Kafka before 3.0 and the demo's own broker can't tell: None too.

    Waits while the coordinator is not available yet. Raises a KafkaError when there is no answer.
    """
    for pause_seconds in pauses():
        try:
            return await _ask(client, transactional_id)
        except IncompatibleBrokerVersion:
            return None
        except SOON:
            await asyncio.sleep(pause_seconds)
    raise AssertionError("pauses have no end")


async def _ask(client: AIOKafkaClient, transactional_id: str) -> LastEnd | None:
    node_id = await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
    question: Any = DescribeTransaction(transactional_id)
    response = await client.send(node_id, question, group=ConnectionGroup.COORDINATION)
    ((error_code, _id, state, _timeout, _started, _producer_id, _epoch, topics, _tags),) = response.transactions
    if error_code == NEVER_SEEN:
        return None
    error = for_code(error_code)
    if error is not NoError:
        raise error
    if state == UNFINISHED:
        return LastEnd(
            End.COMMIT, frozenset((topic, partition) for topic, numbers, _ in topics for partition in numbers)
        )
    return LastEnd(End.ABORT if state in ABORTS else End.COMMIT)


# Repeating that end ---------------------------------------------------------------------------------------------------


async def repeat_end(
    producer: AIOKafkaProducer, *, transactional_id: str, last: LastEnd, group: str | None, topics: Sequence[str]
) -> None:
    """End empty transactions over all partitions of `topics` and the group's offsets, which writes only markers.

    `group` is None for a producer that commits no offsets.

    The producer has just started, and is not in a transaction of its own. Raises a KafkaError.
    """
    places = {
        TopicPartition(topic, partition) for topic in topics for partition in await producer.partitions_for(topic)
    }
    position_aborted = any(topic == POSITIONS for topic, _ in last.to_be_aborted)
    coordinator = await producer.client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
    writer = _Writer(producer, transactional_id, coordinator)
    await writer.end(last.end, places - last.to_be_aborted, None if position_aborted else group)
    await writer.end(End.ABORT, places & last.to_be_aborted, group if position_aborted else None)


class _Writer:
    """Begins and ends transactions by hand: aiokafka adds a partition only with a record, and here is none."""

    def __init__(self, producer: AIOKafkaProducer, transactional_id: str, coordinator: int) -> None:
        state = producer._txn_manager  # noqa: SLF001 - the id and epoch of a started producer are not public
        self._identity = (transactional_id, state.producer_id, state.producer_epoch)
        self._client = producer.client
        self._coordinator = coordinator

    async def end(self, end: End, places: Collection[TopicPartition], group: str | None) -> None:
        """End a transaction over these partitions, and over the offsets of `group` if given."""
        if not places and group is None:
            return
        if places:
            by_topic = groupby(sorted(places), key=itemgetter(0))
            partitions = [(topic, [partition for _, partition in each]) for topic, each in by_topic]
            await self._send(AddPartitionsToTxnRequest(*self._identity, partitions))
        if group is not None:
            await self._send(AddOffsetsToTxnRequest(*self._identity, group))
        await self._send(EndTxnRequest(*self._identity, end.value))

    async def _send(self, request: object) -> None:
        """Send a request, and retry it while the former end is still being written."""
        for pause_seconds in pauses():
            response = await self._client.send(self._coordinator, request, group=ConnectionGroup.COORDINATION)
            refused = [error for error in map(for_code, _error_codes(response)) if error is not NoError]
            if not refused:
                return
            # One partition has the reason. The others only say that Kafka did not try.
            reason = min(refused, key=lambda error: error is OperationNotAttempted)
            if reason is not ConcurrentTransactions:
                raise reason
            await asyncio.sleep(pause_seconds)


def _error_codes(response: object) -> list[int]:
    by_topic = getattr(response, "errors", None)
    if by_topic is None:
        return [response.error_code]  # type: ignore[attr-defined] # aiokafka has no types
    return [error_code for _, partitions in by_topic for _, error_code in partitions]


# One connection to the coordinator ------------------------------------------------------------------------------------


OF_TRANSACTIONS: Final = (
    DescribeTransaction,
    InitProducerIdRequest,
    AddPartitionsToTxnRequest,
    AddOffsetsToTxnRequest,
    EndTxnRequest,
)
"""The requests to the transaction coordinator. Records and positions go elsewhere, after it knows of them."""


class ConnectionRenewed(ConnectionError):
    """The connection to the transaction coordinator was renewed, so Kafka may have forgotten an end."""


class CoordinatorConnection:
    """Limits a client that is not connected yet to one connection for transactions."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client
        self._connection: AIOKafkaConnection | None = None
        self._ask = client.send
        client.send = self._send

    @property
    def is_gone(self) -> bool:
        """Whether there was a connection and it is closed."""
        return self._connection is not None and not self._connection.connected()

    async def _send(self, node_id: int, request: object, *, group: int = ConnectionGroup.DEFAULT) -> object:
        """Send as the client does. Raises ConnectionRenewed: no KafkaError, so that aiokafka does not retry."""
        if not isinstance(request, OF_TRANSACTIONS):
            return await self._ask(node_id, request, group=group)
        # aiokafka would start a producer over another connection.
        group = ConnectionGroup.COORDINATION
        if await self._client.ready(node_id, group=group):
            connection = self._client._conns[node_id, group]  # noqa: SLF001 - connections are not public
            self._connection = self._connection or connection
            if connection is not self._connection:
                raise ConnectionRenewed
        return await self._ask(node_id, request, group=group)
