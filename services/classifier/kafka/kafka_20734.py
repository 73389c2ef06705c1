"""A transaction that Kafka has ended in its books, and forgot to end in some of the partitions that it wrote to.

Apache Kafka 4.3.1 takes a partition that has no leader just then for deleted, and writes no marker of the end there
(KAFKA-20734). A single broker that is stopped in order, or the last one of a cluster, takes the leader away from its
partitions and goes on ending transactions for a moment: any of their partitions can miss its marker, those of the
outputs as well as that of the position (one stop under load in six did it, seen in the broker's log files). Nobody
makes up for it: a reader of committed records waits there for ever, and a position is never certain again.

The next marker of the same producer id ends what hangs as well, the way that marker says. So each start of a writer
repeats the last end, in every partition that its id can ever have touched. Where nothing hangs that changes nothing.
A transaction that was not finished is aborted by the start itself, and that abort can be forgotten as well: where it
wrote, the abort is repeated, and everywhere else the commit before it.

How the last transaction of a writer ended, as Kafka's transaction coordinator has written it down.

Kafka tells that in DescribeTransactions (KIP-664); aiokafka does not know it, so its few fields are spelled out here.

The one connection over which a writer speaks to Kafka's transaction coordinator.

A coordinator answers that a transaction is committed before it has written the markers of that. When it goes away in
between it makes up for them once it is back, and forgets those of partitions that have no leader yet
(`hanging_transaction`). aiokafka would connect anew and go on with the next transaction; an abort of that one would
then abort what was committed as well, since a marker ends all that its producer has open in a partition. So over a
second connection nothing is asked: the writer has to start anew, which repeats the commit first.
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
"""TRANSACTIONAL_ID_NOT_FOUND, which aiokafka has no name for."""


SOON: Final = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)
"""What a broker says that has just come up, or has just taken over."""


class End(Enum):
    """What becomes of the records of a transaction."""

    COMMIT = True
    ABORT = False


ABORTS: Final = {"PrepareAbort", "CompleteAbort", "PrepareEpochFence"}
"""The states after an abort. All others are after a commit, or before an end: what came before an unfinished
transaction was a commit, since we start anew after an abort."""

UNFINISHED: Final = "Ongoing"


@value_class(frozen=True, slots=True)
class LastEnd:
    """How what a writer wrote has ended, or is going to."""

    end: End
    """Of all partitions that are not among `to_be_aborted`."""
    to_be_aborted: frozenset[TopicPartition] = frozenset()
    """What an unfinished transaction has written to, the positions of groups as well. The next start of its writer
    aborts it."""


class DescribeTransactionsResponse(Response):  # type: ignore[misc] # aiokafka has no types; so below
    """The answer, as Kafka's protocol guide lays it out."""

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
    """The question, as Kafka's protocol guide lays it out."""

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
        """Fill in the fields."""
        return request_struct_class([self._transactional_id], {})


async def last_end(client: AIOKafkaClient, transactional_id: str) -> LastEnd | None:
    """Give the end, or None when there was none, or the broker can't say (Kafka before 3.0, and the demo's own).

    Waits while the coordinator is being found or still reads; raises a KafkaError when there is no answer.
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


POSITIONS: Final = "__consumer_offsets"
"""The topic in which Kafka keeps the positions of groups."""


async def repeat_end(
    producer: AIOKafkaProducer, *, transactional_id: str, last: LastEnd, group: str, topics: Sequence[str]
) -> None:
    """End empty transactions over all partitions of `topics` and the offsets of the group: only markers are written.

    The producer has just been started, and is not in a transaction of its own. Raises a KafkaError.
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
    """Begins and ends transactions by hand: aiokafka adds a partition only along with a record, and there is none."""

    def __init__(self, producer: AIOKafkaProducer, transactional_id: str, coordinator: int) -> None:
        state = producer._txn_manager  # noqa: SLF001 - nothing public gives the id and epoch that it was started with
        self._identity = (transactional_id, state.producer_id, state.producer_epoch)
        self._client = producer.client
        self._coordinator = coordinator

    async def end(self, end: End, places: Collection[TopicPartition], group: str | None) -> None:
        """End a transaction over these partitions, and over the offsets of a group when one is given."""
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
        """Send it; once more while the end before is still being written."""
        for pause_seconds in pauses():
            response = await self._client.send(self._coordinator, request, group=ConnectionGroup.COORDINATION)
            refused = [error for error in map(for_code, _error_codes(response)) if error is not NoError]
            if not refused:
                return
            # One partition says why; of the others Kafka only says that it did not try.
            reason = min(refused, key=lambda error: error is OperationNotAttempted)
            if reason is not ConcurrentTransactions:
                raise reason
            await asyncio.sleep(pause_seconds)


def _error_codes(response: object) -> list[int]:
    by_topic = getattr(response, "errors", None)
    if by_topic is None:
        return [response.error_code]  # type: ignore[attr-defined] # aiokafka has no types
    return [error_code for _, partitions in by_topic for _, error_code in partitions]


OF_TRANSACTIONS: Final = (
    DescribeTransaction,
    InitProducerIdRequest,
    AddPartitionsToTxnRequest,
    AddOffsetsToTxnRequest,
    EndTxnRequest,
)
"""What the coordinator is asked. Records and positions go elsewhere, and only once it knows of them."""


class ConnectionRenewed(ConnectionError):
    """The connection to the transaction coordinator has been renewed, so that it may have forgotten something."""


class CoordinatorConnection:
    """Holds a client, not yet connected, to one connection for transactions."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client
        self._connection: AIOKafkaConnection | None = None
        self._ask = client.send
        client.send = self._send

    @property
    def is_gone(self) -> bool:
        """Say whether there was one and is no more."""
        return self._connection is not None and not self._connection.connected()

    async def _send(self, node_id: int, request: object, *, group: int = ConnectionGroup.DEFAULT) -> object:
        """Ask as the client does. Raises ConnectionRenewed, which aiokafka does not try again, as no KafkaError is."""
        if not isinstance(request, OF_TRANSACTIONS):
            return await self._ask(node_id, request, group=group)
        # aiokafka starts a producer over another connection than it uses it.
        group = ConnectionGroup.COORDINATION
        if await self._client.ready(node_id, group=group):
            connection = self._client._conns[node_id, group]  # noqa: SLF001 - nothing public tells connections apart
            self._connection = self._connection or connection
            if connection is not self._connection:
                raise ConnectionRenewed
        return await self._ask(node_id, request, group=group)
