"""aiokafka's client and transactional producer, as far as the publisher uses them, on the simulated broker."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from types import SimpleNamespace
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import (
    ConcurrentTransactions,
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaError,
    NoError,
    ProducerFenced,
)
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.transaction import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
)

from schemas.cloudevents import Header
from services.runtime.exactly_once.committed_offset import NOTHING_COMMITTED, StableOffsetFetch, UnstableOffset
from services.runtime.exactly_once.kafka_20734 import NEVER_SEEN, DescribeTransaction
from tests.simulate.kafka.broker import Broker
from tests.simulate.kafka.log import Data
from tests.simulate.kafka.transactions import OFFSETS, Identity
from tests.simulate.world import ConnectionBroken

BACKOFF_SECONDS: Final = 0.02
MOST_BACKOFF_SECONDS: Final = 0.5
"""Between two attempts of a request: each time twice as long. aiokafka asks every 20 ms, with more requests at which
nothing happens."""

NODE: Final = 0
"""There is one, which is leader and coordinator of everything."""

BATCH_BYTES: Final = 16_384

_NUMBERS = count(1)


class Connection:
    """A connection to the broker."""

    def __init__(self) -> None:
        self.is_open = True

    def connected(self) -> bool:
        """Whether it is open."""
        return self.is_open


class Client:
    """An `AIOKafkaClient`: requests over one connection for each node and purpose."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._conns: dict[tuple[int, int], Connection] = {}

    async def bootstrap(self) -> None:
        """Connect."""
        try:
            await self._broker.world.ask("connect", lambda: None)
        except ConnectionBroken as broken:
            raise KafkaConnectionError from broken

    async def coordinator_lookup(self, _coordinator_type: int, _key: str) -> int:
        """Return the one node."""
        return NODE

    async def ready(self, node_id: int, *, group: int) -> bool:
        """Connect if there is no connection."""
        connection = self._conns.get((node_id, group))
        if connection is None or not connection.is_open:
            self._conns[node_id, group] = connection = Connection()
            self._broker.connections.append(connection)
        return True

    async def send(self, node_id: int, request: Any, *, group: int = 0) -> Any:  # noqa: ANN401 - as aiokafka has it
        """Send a request, and return the response. Raises KafkaConnectionError."""
        await self.ready(node_id, group=group)
        connection = self._conns[node_id, group]

        def work() -> Any:  # noqa: ANN401 - as above
            if not connection.is_open:
                raise ConnectionBroken
            return _answer(self._broker, request)

        try:
            response = await self._broker.world.ask(_name_of(request), work)
        except ConnectionBroken as broken:
            connection.is_open = False
            raise KafkaConnectionError from broken
        if not connection.is_open:
            raise KafkaConnectionError
        return response

    async def ask(self, what: str, work: Callable[[], None]) -> None:
        """Ask the leader of a partition, which is another connection, until it answers."""
        while True:
            restarts = self._broker.restarts

            def over_connection(restarts: int = restarts) -> None:
                if self._broker.restarts != restarts:
                    raise ConnectionBroken
                work()

            try:
                return await self._broker.world.ask(what, over_connection)
            except ConnectionBroken:
                await asyncio.sleep(BACKOFF_SECONDS)
            except InvalidProducerEpoch as error:
                raise ProducerFenced from error


def _name_of(request: object) -> str:
    return type(request).__name__.removesuffix("Request")


def _answer(broker: Broker, request: Any) -> Any:  # noqa: ANN401 - aiokafka's requests have no public fields
    transactions = broker.transactions
    try:
        match request:
            case InitProducerIdRequest():
                who = transactions.start(request._transactional_id)
                return SimpleNamespace(error_code=0, who=who)
            case DescribeTransaction():
                return SimpleNamespace(transactions=[_described(broker, request._transactional_id)])
            case AddPartitionsToTxnRequest():
                places = [TopicPartition(topic, at) for topic, numbers in request._topics for at in numbers]
                transactions.add(_who(request), places)
                return SimpleNamespace(errors=[])
            case AddOffsetsToTxnRequest():
                transactions.add(_who(request), [OFFSETS])
            case EndTxnRequest():
                transactions.end(_who(request), commit=request._transaction_result)
            case _:
                return _offset(broker, request)
    except KafkaError as error:
        return SimpleNamespace(error_code=error.errno, raised=type(error))
    return SimpleNamespace(error_code=0)


def _who(request: Any) -> Identity:  # noqa: ANN401 - as above
    return Identity(request._transactional_id, request._producer_id, request._producer_epoch)


def _described(broker: Broker, name: str) -> tuple[object, ...]:
    known = broker.transactions.describe(name)
    if known is None:
        return NEVER_SEEN, name, "", 0, 0, 0, 0, [], {}
    topics: list[object] = [(topic, [number], {}) for topic, number in known.places]
    return NoError.errno, name, known.state, 0, 0, known.producer_id, known.epoch, topics, {}


def _offset(broker: Broker, request: StableOffsetFetch | OffsetFetchRequest) -> SimpleNamespace:
    if isinstance(request, StableOffsetFetch):
        group, place = request._group, request._partition
        unstable = not broker.offsets.is_stable((group, *place))
    else:
        [(topic, [number])] = request._partitions
        group, place, unstable = request._consumer_group, TopicPartition(topic, number), False
    committed = broker.committed(group, place)
    offset = NOTHING_COMMITTED if committed is None else committed
    error_code = UnstableOffset.errno if unstable else NoError.errno
    return SimpleNamespace(
        error_code=0, topics=[(place.topic, [(place.partition, offset, -1, "", error_code, {})], {})]
    )


class Batch:
    """aiokafka's BatchBuilder."""

    def __init__(self) -> None:
        self.messages: list[Data] = []
        self._bytes = 0

    def append(self, *, timestamp: None, key: bytes | None, value: bytes | None, headers: list[Header]) -> object:
        """Add a message; None when the batch is full. An empty one takes any."""
        del timestamp
        if self.messages and self._bytes + len(value or b"") > BATCH_BYTES:
            return None
        self._bytes += len(value or b"")
        self.messages.append(Data(key, value, headers))
        return self


class Producer:
    """A transactional `AIOKafkaProducer`."""

    def __init__(self, broker: Broker, transactional_id: str) -> None:
        self.client = Client(broker)
        self._broker = broker
        self._name = transactional_id
        self._who = Identity(transactional_id, -1, -1)
        self._added: set[TopicPartition] = set()
        self._writing: list[asyncio.Task[None]] = []
        self._turns: dict[TopicPartition, asyncio.Lock] = {}
        self._is_in_transaction = False

    @property
    def _txn_manager(self) -> SimpleNamespace:
        return SimpleNamespace(producer_id=self._who.producer_id, producer_epoch=self._who.epoch)

    async def start(self) -> None:
        """Take an epoch, which fences the producer before."""
        response = await self._coordinate(InitProducerIdRequest(self._name, 0))
        self._who = response.who

    async def stop(self) -> None:
        """Write nothing more."""
        for task in self._writing:
            task.cancel()

    async def partitions_for(self, topic: str) -> set[int]:
        """Return the numbers of the partitions of a topic."""
        return set(range(self._broker.topics[topic]))

    async def begin_transaction(self) -> None:
        """Begin."""
        assert not self._is_in_transaction, "one after another"
        self._is_in_transaction = True
        self._added.clear()
        self._writing.clear()

    def create_batch(self) -> Batch:
        """Return an empty batch."""
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Task[None]:
        """Write a batch in the background."""
        task = asyncio.create_task(self._write(TopicPartition(topic, partition), batch))
        self._writing.append(task)
        return task

    async def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, int], group: str) -> None:
        """Commit offsets with the transaction."""
        await self._coordinate(AddOffsetsToTxnRequest(*self._who, group))
        who = self._who
        await self.client.ask(
            f"commit {sorted(offsets.values())}", lambda: self._broker.commit_in_transaction(who, group, offsets)
        )

    async def commit_transaction(self) -> None:
        """Commit once everything is written."""
        await asyncio.gather(*self._writing)
        await self._end(commit=True)

    async def abort_transaction(self) -> None:
        """Abort."""
        assert self._is_in_transaction, "there is one to abort"
        await self.stop()
        await self._end(commit=False)

    async def _end(self, *, commit: bool) -> None:
        await self._coordinate(EndTxnRequest(*self._who, commit))
        self._is_in_transaction = False

    async def _write(self, place: TopicPartition, batch: Batch) -> None:
        async with self._turns.setdefault(place, asyncio.Lock()):
            if place not in self._added:
                partitions = [(place.topic, [place.partition])]
                await self._coordinate(AddPartitionsToTxnRequest(*self._who, partitions))
                self._added.add(place)
            who, number, messages = self._who, next(_NUMBERS), tuple(batch.messages)
            what = f"write {len(messages)} to {place.topic}-{place.partition}"
            await self.client.ask(what, lambda: self._broker.produce(who, place, messages, number))

    async def _coordinate(self, request: object) -> Any:  # noqa: ANN401 - aiokafka's responses have no types
        """Ask the coordinator, as often as needed. Raises what it refuses."""
        pause_seconds = BACKOFF_SECONDS
        while True:
            with suppress(KafkaConnectionError):
                response = await self.client.send(NODE, request)
                refused = getattr(response, "raised", None)
                if refused is None:
                    return response
                if refused is not ConcurrentTransactions:
                    raise ProducerFenced if refused is InvalidProducerEpoch else refused
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, MOST_BACKOFF_SECONDS)
