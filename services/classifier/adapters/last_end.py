"""How the last transaction of a writer ended, as Kafka's transaction coordinator has written it down.

Kafka tells that in DescribeTransactions (KIP-664); aiokafka does not know it, so its few fields are spelled out here.
"""

import asyncio
from enum import Enum
from typing import Any, Final

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    IncompatibleBrokerVersion,
    NoError,
    NotCoordinatorError,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from schemas.values import value_class
from services.runtime.waiting import pauses

NEVER_SEEN: Final = 105
"""TRANSACTIONAL_ID_NOT_FOUND, which aiokafka has no name for."""


SOON: Final = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)
"""What a broker says that has just come up, or has just taken over."""


Place = tuple[str, int]
"""A topic and a partition of it."""


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
    to_be_aborted: frozenset[Place] = frozenset()
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
