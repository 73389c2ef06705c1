"""The only writer for one partition of the input.

Its transactional id belongs to that partition. Starting it ends the former writer's open transaction and fences that
writer for good, whatever the consumer group thinks. So after each start the committed offset is certain.

A writer lives no longer than its connection to the transaction coordinator (`kafka_20734.py`), even when it is idle:
the next start completes what Kafka may have forgotten. `docs/architecture/exactly-once.md` argues all of it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from schemas.positions import Position
from services.runtime.errors import PartitionLost
from services.runtime.exactly_once.bulk import send_in_bulk
from services.runtime.exactly_once.committed_offset import OthersOffsets, UnstableOffset, committed_offset
from services.runtime.exactly_once.kafka_20734 import CoordinatorConnection, last_end, repeat_end
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.errors import missing_right
from services.runtime.observe.failures import type_name
from services.runtime.observe.health import Health, Part
from services.runtime.waiting import pauses

log = structlog.get_logger()

TRANSACTION_SECONDS: Final = 10.0
"""Patience with one transaction, which takes some tens of milliseconds. aiokafka itself would retry for ever. A broker
that restarts is back sooner. It must be well under the transaction's own timeout (30 s), so that we decide its outcome
and not the broker."""

START_SECONDS: Final = 10.0
"""Patience with one start: connecting, ending the former transaction, reading the committed offset."""

UNCERTAIN_PAUSE_SECONDS: Final = 0.02
"""The pause before asking again for an offset that is not stable. It is stable after 3 ms at the median, 21 at most."""

NOTICE_SECONDS: Final = 3.0
"""A transaction or start that takes longer than this shows in readiness."""

LOOK_SECONDS: Final = 1.0
"""The pause between two looks of an idle writer at its connection."""

LOOKS_A_QUESTION: Final = 60
"""Looks between two requests over that connection, which Kafka closes after nine idle minutes."""

CLOSE_SECONDS: Final = 2.0
"""Patience with closing a producer. The next one fences it in any case."""

RETRIED: Final = (KafkaError, OSError, TimeoutError, AssertionError)
"""The errors of a transaction or start while Kafka is away. aiokafka asserts the state of a transaction, which is wrong
after a failure in the background."""

_CLOSING: Final[set[asyncio.Task[None]]] = set()
"""Tasks that close producers. asyncio itself holds no reference to a task."""


class MakeProducer(Protocol):
    """Makes a producer that is not started yet."""

    def __call__(self, *, transactional_id: str) -> AIOKafkaProducer:
        """Return a producer with this id."""


class KafkaPublisher:
    """Publishes for one assigned partition."""

    def __init__(
        self,
        *,
        make_producer: MakeProducer,
        group: str,
        partition: TopicPartition,
        topics: Sequence[str],
        health: Health,
        end_with: Callable[[asyncio.Task[None]], None],
    ) -> None:
        """`topics` are all that are ever published to. `end_with` is called with a background task when it ends."""
        self._make_producer = make_producer
        self._group = group
        self._name = f"{group}-{partition.topic}-{partition.partition}"
        self._partition = partition
        self._topics = topics
        self._health = health
        self._end_with = end_with
        self._producer: AIOKafkaProducer | None = None
        self._connection: CoordinatorConnection | None = None
        self._committed: int | None = None
        self._others = OthersOffsets(group)
        self._turn = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    async def take_over(self) -> int | None:
        """Fence the former writer and return the committed offset, or None without one. Waits while Kafka is away."""
        async with self._turn:
            if self._watch is None:
                self._watch = asyncio.create_task(self._renew_when_idle())
                self._watch.add_done_callback(self._end_with)
            return await self._take_over()

    async def _take_over(self) -> int | None:
        for pause_seconds in pauses():
            try:
                async with self._patience(START_SECONDS):
                    await self._start()
            except RETRIED as error:
                self._report_failure(error)
            else:
                self._report(None)
                return self._committed
            await asyncio.sleep(pause_seconds)
        raise AssertionError("pauses have no end")

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Publish messages and commit the position in one transaction, as the port promises.

        When the outcome is unknown, the writer starts anew and reads the committed offset. At the old offset, it
        retries the transaction. At the new one, the transaction had succeeded. At any other, another instance went on.
        """
        async with self._turn:
            if self._producer is None:
                raise PartitionLost(f"Partition {self._partition.partition} of {self._partition.topic} was given up.")
            await self._publish(messages, next_offset)

    async def _publish(self, messages: Sequence[Message], next_offset: int) -> None:
        for pause_seconds in pauses():
            try:
                async with self._patience(TRANSACTION_SECONDS):
                    await self._transaction(messages, next_offset)
            except ProducerFenced as error:
                raise self._lost() from error
            except RETRIED as error:
                self._report_failure(error)
            else:
                self._committed = next_offset
                self._report(None)
                return
            before = self._committed
            await self._close()
            await asyncio.sleep(pause_seconds)
            committed = await self._take_over()
            if committed == next_offset:
                return
            if committed != before:
                raise self._lost()

    async def is_committed(self, position: Position) -> bool:
        """Whether the group has committed the record at a position, as the port promises."""
        if self._producer is None:
            return False
        place = TopicPartition(position.topic, position.partition)
        if place == self._partition:
            return self._committed is not None and position.offset < self._committed
        return await self._others.is_beyond(self._producer.client, place, position.offset)

    async def _renew_when_idle(self) -> None:
        """Start anew when the connection of an idle writer is gone. The next transaction would do so otherwise."""
        for look in count(1):
            await asyncio.sleep(LOOK_SECONDS)
            async with self._turn:
                if self._producer is None or self._connection is None:
                    continue
                if look % LOOKS_A_QUESTION == 0:
                    await self._keep_connection(self._producer)
                if not self._connection.is_gone:
                    continue
                before = self._committed
                if await self._take_over() != before:
                    # Another instance went on. The next batch hears that the partition is lost.
                    await self._close()

    async def _keep_connection(self, producer: AIOKafkaProducer) -> None:
        """Keep the connection in use: Kafka closes idle ones, and each start writes into every partition."""
        with suppress(*RETRIED):
            async with asyncio.timeout(LOOK_SECONDS):
                await last_end(producer.client, self._name)

    async def release(self) -> None:
        """Give up the partition. An open transaction is aborted here if that is quick, else by the next writer."""
        if self._watch is not None:
            self._watch.cancel()
        await self._close()
        self._health.leave(Part.KAFKA, by=self._name)

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        closing = asyncio.create_task(_end(producer))
        # A task that takes longer continues in the background until Kafka is back and fences its producer.
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)
        await asyncio.wait({closing}, timeout=CLOSE_SECONDS)

    async def _start(self) -> None:
        await self._close()
        producer = self._make_producer(transactional_id=self._name)
        self._producer = producer
        self._connection = CoordinatorConnection(producer.client)
        await producer.client.bootstrap()
        # Asked before the start, which makes the coordinator forget it.
        last = await last_end(producer.client, self._name)
        await producer.start()
        if last is not None:
            await repeat_end(producer, transactional_id=self._name, last=last, group=self._group, topics=self._topics)
        self._committed = await self._certain_offset(producer)

    async def _certain_offset(self, producer: AIOKafkaProducer) -> int | None:
        """Return the committed offset once the end of the former transaction is written."""
        while True:
            with suppress(UnstableOffset):
                return await committed_offset(producer.client, group=self._group, partition=self._partition)
            await asyncio.sleep(UNCERTAIN_PAUSE_SECONDS)

    async def _transaction(self, messages: Sequence[Message], next_offset: int) -> None:
        producer = self._producer
        assert producer is not None, "take_over made a producer"
        await producer.begin_transaction()
        written = asyncio.gather(*await send_in_bulk(producer, messages))
        written.add_done_callback(_seen)
        await producer.send_offsets_to_transaction({self._partition: next_offset}, self._group)
        # A refused batch does not fail the transaction by itself. To commit without a look would lose the batch.
        await written
        await producer.commit_transaction()

    @asynccontextmanager
    async def _patience(self, seconds: float) -> AsyncIterator[None]:
        """Limit the block to `seconds`, and report to readiness before that that it takes long."""
        waiting = f"Kafka has not answered for {NOTICE_SECONDS:.0f} seconds"
        notice = asyncio.get_running_loop().call_later(NOTICE_SECONDS, self._report, waiting)
        try:
            async with asyncio.timeout(seconds):
                yield
        finally:
            notice.cancel()

    def _report(self, reason: str | None) -> None:
        self._health.set(Part.KAFKA, reason, by=self._name)

    def _report_failure(self, error: BaseException) -> None:
        self._report(str(missing_right(error) or f"Kafka does not take what we write ({type_name(error)})"))
        log.warning("transaction.failed", **self._partition._asdict(), exc_info=error)

    def _lost(self) -> PartitionLost:
        lost = PartitionLost(
            f"Another instance has taken partition {self._partition.partition} of {self._partition.topic} over."
        )
        self._report(str(lost))
        return lost


async def _end(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, AssertionError):  # aiokafka asserts that there is a transaction to abort
        await producer.abort_transaction()
    with suppress(*RETRIED):
        await producer.stop()


def _seen(written: asyncio.Future[list[object]]) -> None:
    """Retrieve the failure of batches that nobody awaits any more; asyncio would log it."""
    if not written.cancelled():
        written.exception()
