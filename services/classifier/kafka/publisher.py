"""The one writer for one partition of the input.

Its transactional id belongs to that partition. Starting it ends whatever transaction the writer before had open, and
shuts that writer out for good: from then on nobody else can publish for, or commit, this partition, whatever the
consumer group thinks. So after each start the committed offset, read when it can't change any more, says for certain
what was done.

A writer lives no longer than its connection to the coordinator (`coordinator_connection`): whatever breaks it, the
next start sets right what may have been forgotten meanwhile. That goes for a writer with nothing to do as well, since
readers of what it wrote last may wait for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from services.classifier.kafka.bulk import send_in_bulk
from services.classifier.kafka.committed_offset import UnstableOffset, committed_offset
from services.classifier.kafka.kafka_20734 import CoordinatorConnection, last_end, repeat_end
from services.classifier.ports import Message
from services.runtime.errors import PartitionLost
from services.runtime.kafka.errors import missing_right
from services.runtime.observe.failures import type_name
from services.runtime.observe.health import Health, Part
from services.runtime.waiting import pauses

log = structlog.get_logger()

TRANSACTION_SECONDS: Final = 10.0
"""Patience with one transaction, which takes some tens of milliseconds. aiokafka itself would try for ever; a broker
that restarts is back sooner. It has to be well under the transaction's own timeout (30 s), so that we, and not the
broker, decide what becomes of it."""

START_SECONDS: Final = 10.0
"""Patience with one start: connect, end the former transaction, read the committed offset."""

UNCERTAIN_PAUSE_SECONDS: Final = 0.02
"""The end of the former transaction is written everywhere after 3 ms at the median, 21 at most."""

NOTICE_SECONDS: Final = 3.0
"""After so long a transaction or a start that is still going on shows in readiness."""

LOOK_SECONDS: Final = 1.0
"""How often a writer with nothing to do looks whether its connection is still there."""

LOOKS_A_QUESTION: Final = 60
"""How many looks between two questions over that connection: well under the nine minutes after which it is closed."""

CLOSE_SECONDS: Final = 2.0
"""Patience with a producer that is given up. It is shut out by the next one in any case."""

RETRIED: Final = (KafkaError, OSError, TimeoutError, AssertionError)
"""What a transaction or a start can fail with while Kafka is away. aiokafka asserts that a transaction is in the
right state, which it is not after a failure in the background."""

_CLOSING: Final[set[asyncio.Task[None]]] = set()
"""Producers that are being closed: asyncio itself keeps no hold of a task."""


class MakeProducer(Protocol):
    """Makes a producer, not yet started."""

    def __call__(self, *, transactional_id: str) -> AIOKafkaProducer:
        """Make one with this id."""


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
        """Take as `topics` all that are ever published to; `end_with` hears of a task that has failed for good."""
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
        self._turn = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    async def take_over(self) -> int | None:
        """Become the one writer, and give the offset that is committed (None: never). Waits while Kafka is away."""
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
        """Publish and commit the position in one transaction, as the port says.

        When the outcome is unknown, the writer starts anew and the committed offset tells: where it was, and the
        whole is tried again; where it was to be, and it had succeeded; anywhere else, and somebody else went on.
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

    async def _renew_when_idle(self) -> None:
        """Start anew when the connection is gone and there is nothing to publish that would do so."""
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
                    # Whoever has gone on may be right: the next batch hears that this one is lost.
                    await self._close()

    async def _keep_connection(self, producer: AIOKafkaProducer) -> None:
        """Use the connection: idle for long it would be closed, and a start writes into every partition."""
        with suppress(*RETRIED):
            async with asyncio.timeout(LOOK_SECONDS):
                await last_end(producer.client, self._name)

    async def release(self) -> None:
        """Give the partition up. An open transaction is ended here if that is quick, else by the next writer."""
        if self._watch is not None:
            self._watch.cancel()
        await self._close()
        self._health.leave(Part.KAFKA, by=self._name)

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        closing = asyncio.create_task(_end(producer))
        # What does not end in time goes on in the background until Kafka is back and shuts it out.
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)
        await asyncio.wait({closing}, timeout=CLOSE_SECONDS)

    async def _start(self) -> None:
        await self._close()
        producer = self._make_producer(transactional_id=self._name)
        self._producer = producer
        self._connection = CoordinatorConnection(producer.client)
        await producer.client.bootstrap()
        # Starting makes the coordinator forget it.
        last = await last_end(producer.client, self._name)
        await producer.start()
        if last is not None:
            await repeat_end(producer, transactional_id=self._name, last=last, group=self._group, topics=self._topics)
        self._committed = await self._certain_offset(producer)

    async def _certain_offset(self, producer: AIOKafkaProducer) -> int | None:
        """Read the committed offset once the end of the former transaction has been written."""
        while True:
            with suppress(UnstableOffset):
                return await committed_offset(producer.client, group=self._group, partition=self._partition)
            await asyncio.sleep(UNCERTAIN_PAUSE_SECONDS)

    async def _transaction(self, messages: Sequence[Message], next_offset: int) -> None:
        producer = self._producer
        assert producer is not None, "taking over gave one"
        await producer.begin_transaction()
        written = asyncio.gather(*await send_in_bulk(producer, messages))
        written.add_done_callback(_seen)
        await producer.send_offsets_to_transaction({self._partition: next_offset}, self._group)
        # A batch that was refused does not fail the transaction by itself: to commit without looking would lose it.
        await written
        await producer.commit_transaction()

    @asynccontextmanager
    async def _patience(self, seconds: float) -> AsyncIterator[None]:
        """Wait that long at most for the block, and tell before that it takes long."""
        told = f"Kafka has not answered for {NOTICE_SECONDS:.0f} seconds"
        notice = asyncio.get_running_loop().call_later(NOTICE_SECONDS, self._report, told)
        try:
            async with asyncio.timeout(seconds):
                yield
        finally:
            notice.cancel()

    def _report(self, trouble: str | None) -> None:
        self._health.set(Part.KAFKA, trouble, by=self._name)

    def _report_failure(self, error: BaseException) -> None:
        self._report(str(missing_right(error) or f"Kafka does not take what we write ({type_name(error)})"))
        log.warning("transaction.failed", partition=self._partition.partition, exc_info=error)

    def _lost(self) -> PartitionLost:
        lost = PartitionLost(
            f"Another instance has taken partition {self._partition.partition} of {self._partition.topic} over."
        )
        self._report(str(lost))
        return lost


async def _end(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, AssertionError):  # it asserts that there is a transaction to abort
        await producer.abort_transaction()
    with suppress(*RETRIED):
        await producer.stop()


def _seen(written: asyncio.Future[list[object]]) -> None:
    """Look at what became of batches for which nobody waits any more, which asyncio would log."""
    if not written.cancelled():
        written.exception()
