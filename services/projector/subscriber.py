"""Reads the output topics as the projector's group. One batch is written while the next is decoded."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from itertools import chain
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.projector.batch import MAX_BATCH_BYTES, ReadBatch, read_all
from services.projector.handler import Projector
from services.projector.instrumentation import show_foreign_counters
from services.projector.ports import Positions, ProjectionStore
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.assignment import Backlog, Fetched
from services.runtime.kafka.group import Group, Reader
from services.runtime.kafka.group_broker import Subscription
from services.runtime.kafka.records import as_record, light_parts
from services.runtime.observe.health import Health, Part
from services.runtime.observe.tracing import Spans
from services.runtime.settings import Settings
from services.runtime.stops.stop import StopStore
from services.runtime.stops.stops import Stops

log = structlog.get_logger()

MAX_POLL_INTERVAL_MS: Final = 7 * 24 * 60 * 60 * 1000
"""The partitions stay ours while MongoDB is away; the heartbeat shows that we live. Another instance that got them
would wait as well."""

WRITING_SECONDS: Final = 1.0
"""How long a poll waits for the batch in flight, while a partition has stopped. The next poll looks again."""

COMMIT_SECONDS: Final = 5.0
"""aiokafka retries a commit for ever. It takes milliseconds; after this long, readiness must show that it fails."""


class EventSubscriber:
    """Reads events as a member of the projector's group."""

    def __init__(
        self,
        settings: Settings,
        *,
        register: ProjectionStore,
        stop_store: StopStore,
        health: Health,
        ending: Ending,
        spans: Spans | None = None,
    ) -> None:
        events = Subscription(
            topics=settings.output_topics,
            group=settings.projector_group,
            max_records=settings.projector_batch_size,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        )
        show_foreign_counters(events.topics)
        self.group = Group(settings, events, health, ending)
        backlog = Backlog()
        positions = GroupPositions(self.group.consumer, backlog)
        projector = Projector(register, positions, health, ending, spans)
        make_stops = partial(Stops, health, stop_store)
        self.batches = Batches(projector, positions, settings.own_sources, make_stops, ending, backlog)

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Reads within the block, as `Group.reading` does."""
        return self.group.reading(self.batches)


class Batches(Reader):
    """Cuts fetched records into batches, and writes them one after another."""

    def __init__(
        self,
        projector: Projector,
        positions: Positions,
        own_sources: frozenset[str],
        make_stops: Callable[[], Stops],
        ending: Ending,
        backlog: Backlog,
    ) -> None:
        super().__init__(backlog)
        self._projector = projector
        self._positions = positions
        self._own_sources = own_sources
        self._make_stops = make_stops
        self._ending = ending
        self._stops = make_stops()
        self._writing: asyncio.Task[None] | None = None

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """End the stops: each partition is read again from its committed offset, by us or by another instance."""
        await super().on_partitions_revoked(revoked)
        self._forget_stops()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin without stops. The group may assign without having revoked first."""
        await super().on_partitions_assigned(assigned)
        self._forget_stops()

    def _forget_stops(self) -> None:
        # A batch of the former assignment keeps the object that has ended, and so can't stop a partition any more.
        self._stops.end()
        self._stops = self._make_stops()

    async def between_polls(self, consumer: AIOKafkaConsumer) -> None:
        """Have partitions go on behind a record that was skipped, and try one again that an operator wants skipped.

        No batch is in flight then, so none holds later records of those partitions.
        """
        await self._stops.look(consumer)
        if self._writing is not None and self._stops.partitions:
            await asyncio.wait({self._writing}, timeout=WRITING_SECONDS)
        if self._writing is None or self._writing.done():
            for place, offset in self._stops.going_on().items():
                self._positions.go_on(place, offset)

    async def handle(self, fetched: Fetched) -> None:
        """Decode each batch while the one before it is being written, then start to write it."""
        stops = self._stops
        for part in light_parts(list(chain.from_iterable(fetched.values())), MAX_BATCH_BYTES):
            batch = await read_all([as_record(each) for each in part], self._own_sources)
            await self._write_next(batch, stops)

    async def _write_next(self, batch: ReadBatch, stops: Stops) -> None:
        """Begin to write a batch once the one before is written."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._ending.asked:
            # Nothing more is fetched while this waits.
            await self._ending.wait()
            return
        self._writing = asyncio.create_task(self._projector.project(batch, stops))
        self._writing.add_done_callback(self._ending.end_with)

    async def finish(self, seconds: float) -> None:
        """Finish the batch in flight, or drop it after `seconds`: the next reader repeats what is not committed."""
        if self._writing is None:
            return
        await asyncio.wait({self._writing}, timeout=seconds)
        if not self._writing.done():
            log.warning("batch.left_undone", reason="MongoDB or Kafka does not answer")
            self._writing.cancel()


class GroupPositions:
    """Commits the positions of the partitions to the group, through the consumer that reads them."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], backlog: Backlog) -> None:
        """`consumer` returns the group's present consumer; `backlog` hears which records are handled."""
        self._consumer = consumer
        self._backlog = backlog

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Commit, as `ports.Positions` promises."""
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer().commit(dict(next_offsets))
        except (CommitFailedError, IllegalStateError) as error:
            # The group rebalanced. Each partition is read again from its committed position, by us as well.
            raise PartitionLost from error
        except TimeoutError as error:
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        except KafkaError as error:
            if not error.retriable:
                raise
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        for partition, offset in next_offsets.items():
            self._backlog.handled(partition, offset)

    def pause(self, partition: TopicPartition) -> None:
        """Pause, as `ports.Positions` promises."""
        with suppress(IllegalStateError):  # the group has given it to another instance
            self._consumer().pause(partition)

    def go_on(self, partition: TopicPartition, offset: int) -> None:
        """Go on, as `ports.Positions` promises."""
        with suppress(IllegalStateError):
            self._consumer().seek(partition, offset)
            self._consumer().resume(partition)
