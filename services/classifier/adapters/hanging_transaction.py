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
"""

import asyncio
from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import ConcurrentTransactions, NoError, OperationNotAttempted, for_code
from aiokafka.protocol.transaction import AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest

from services.classifier.adapters.last_end import End, LastEnd, Place
from services.runtime.waiting import pauses

POSITIONS: Final = "__consumer_offsets"
"""The topic in which Kafka keeps the positions of groups."""


async def repeat_end(
    producer: AIOKafkaProducer, *, transactional_id: str, last: LastEnd, group: str, topics: Sequence[str]
) -> None:
    """End empty transactions over all partitions of `topics` and the offsets of the group: only markers are written.

    The producer has just been started, and is not in a transaction of its own. Raises a KafkaError.
    """
    places = {(topic, partition) for topic in topics for partition in await producer.partitions_for(topic)}
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

    async def end(self, end: End, places: Collection[Place], group: str | None) -> None:
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
