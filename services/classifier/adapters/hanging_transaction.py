"""A transaction that Kafka has ended in its books, and forgot to end in some of the partitions that it wrote to.

Apache Kafka 4.3.1 takes a partition that has no leader just then for deleted, and writes no marker of the end there
(KAFKA-20734). A single broker that is stopped in order, or the last one of a cluster, takes the leader away from its
partitions and goes on ending transactions for a moment: any of their partitions can miss its marker, those of the
outputs as well as that of the position (one stop under load in six did it, seen in the broker's log files). Nobody
makes up for it: a reader of committed records waits there for ever, and a position is never certain again.

The next marker of the same producer id ends what hangs as well, the way that marker says. So each start of a writer
repeats the last end, in every partition that its id can ever have touched. Where nothing hangs that changes nothing.
"""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import NoError, OperationNotAttempted, for_code
from aiokafka.protocol.transaction import AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest

from services.classifier.adapters.last_end import End


async def repeat_end(
    producer: AIOKafkaProducer, *, transactional_id: str, end: End, group: str, topics: Sequence[str]
) -> None:
    """End an empty transaction over all partitions of `topics` and the offsets of the group: only markers are written.

    The producer has just been started, and is not in a transaction of its own. Raises a KafkaError.
    """
    # aiokafka adds a partition only along with a record, and here there must be none.
    state = producer._txn_manager  # noqa: SLF001 - nothing public gives the id and epoch that it was started with
    writer = (transactional_id, state.producer_id, state.producer_epoch)
    partitions = [(topic, sorted(await producer.partitions_for(topic))) for topic in topics]
    coordinator = await producer.client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
    for request in (
        AddPartitionsToTxnRequest(*writer, partitions),
        AddOffsetsToTxnRequest(*writer, group),
        EndTxnRequest(*writer, end.value),
    ):
        response = await producer.client.send(coordinator, request, group=ConnectionGroup.COORDINATION)
        refused = [error for error in map(for_code, _error_codes(response)) if error is not NoError]
        if refused:
            # One partition says why; of the others Kafka only says that it did not try.
            raise min(refused, key=lambda error: error is OperationNotAttempted)


def _error_codes(response: object) -> list[int]:
    by_topic = getattr(response, "errors", None)
    if by_topic is None:
        return [response.error_code]  # type: ignore[attr-defined] # aiokafka has no types
    return [error_code for _, partitions in by_topic for _, error_code in partitions]
