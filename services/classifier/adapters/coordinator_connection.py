"""The one connection over which a writer speaks to Kafka's transaction coordinator.

A coordinator answers that a transaction is committed before it has written the markers of that. When it goes away in
between it makes up for them once it is back, and forgets those of partitions that have no leader yet
(`hanging_transaction`). aiokafka would connect anew and go on with the next transaction; an abort of that one would
then abort what was committed as well, since a marker ends all that its producer has open in a partition. So over a
second connection nothing is asked: the writer has to start anew, which repeats the commit first.
"""

from typing import Final

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.transaction import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
)

from services.classifier.adapters.last_end import DescribeTransaction

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
