"""The simulated Kafka: its partitions, the offsets of groups, its transactions, and the listeners for new records."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from tests.simulate.kafka.log import Data, Log, Offsets
from tests.simulate.kafka.transactions import OFFSETS, Identity, Transactions
from tests.simulate.world import World


class Broker:
    """All brokers as one."""

    def __init__(self, world: World, topics: Mapping[str, int]) -> None:
        """`topics`: how many partitions each has."""
        self.world = world
        self.topics = topics
        self.logs = {TopicPartition(topic, at): Log() for topic, number in topics.items() for at in range(number)}
        self.offsets = Offsets()
        self.transactions = Transactions(world, self._mark)
        self.listeners: dict[asyncio.Event, None] = {}
        """Each is set when there may be more to read. Their order is that of a dict: that of a set would differ."""
        self.restarts = 0
        self.connections: list[Any] = []
        """Those that are open: of `client.Connection`."""
        self.after_write: Callable[[], None] = lambda: None
        """Called when the offsets of a group have changed."""
        self._written: set[int] = set()

    def append(self, place: TopicPartition, data: Data) -> int:
        """Write a record outside a transaction."""
        offset = self.logs[place].append(data, self.world.now)
        self._wake()
        return offset

    def produce(self, who: Identity, place: TopicPartition, batch: Sequence[Data], number: int) -> None:
        """Write a batch in a transaction. The same number again changes nothing: the producer is idempotent."""
        transaction = self.transactions.verify(who, place)
        if number not in self._written:
            self._written.add(number)
            for data in batch:
                self.logs[place].append(data, self.world.now, transaction)

    def commit_in_transaction(self, who: Identity, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit offsets of a group in a transaction."""
        transaction = self.transactions.verify(who, OFFSETS)
        for place, offset in offsets.items():
            self.offsets.add(transaction, (group, *place), offset)

    def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit offsets of a group."""
        self.offsets.committed.update({(group, *place): offset for place, offset in offsets.items()})
        self.after_write()

    def committed(self, group: str, place: TopicPartition) -> int | None:
        """Return the offset that a group has committed."""
        return self.offsets.committed.get((group, *place))

    def restart(self) -> None:
        """Break every connection, and forget ends of transactions. Requests in flight are lost."""
        self.restarts += 1
        self.transactions.forget_markers()
        for connection in self.connections:
            connection.is_open = False
        self.connections.clear()

    def _mark(self, place: TopicPartition, producer_id: int, commit: bool) -> None:  # noqa: FBT001 - as `Mark` has it
        if place == OFFSETS:
            self.offsets.mark(producer_id, commit=commit)
            self.after_write()
        else:
            self.logs[place].mark(producer_id, commit=commit, seconds=self.world.now)
            self._wake()

    def _wake(self) -> None:
        for listener in self.listeners:
            listener.set()
