"""The projector reads the three output topics, and writes one batch while it reads the next."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from itertools import chain
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.projector.handler import Projector, ReadBatch, read_all
from services.projector.ports import ProjectionStore
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.assignment import Backlog, Fetched
from services.runtime.kafka.group import Group, Reader, Subscription
from services.runtime.kafka.records import as_record, light_parts
from services.runtime.observe.health import Health, Part
from services.runtime.observe.tracing import Spans
from services.runtime.settings import Settings

log = structlog.get_logger()

MAX_POLL_INTERVAL_MS: Final = 7 * 24 * 60 * 60 * 1000
"""However long MongoDB is away, or the projector stands still at an event that it can't project, the partitions stay
ours: the heartbeat shows that we live. Given away, they would stop the next instance at the same event."""

MAX_BATCH_BYTES: Final = 2 * 1024 * 1024
"""Of the events of one batch. Reading and merging them takes a fraction of a second, in which nothing else runs, such
as the heartbeat. 500 usual events are half of it; of the largest contacts, which give 50 kB an event, 40 are."""

COMMIT_SECONDS: Final = 5.0
"""aiokafka retries for ever. A commit takes milliseconds; after this long readiness has to report that it fails."""


class EventSubscriber:
    """Reads events as a member of the projector's group."""

    def __init__(
        self,
        settings: Settings,
        *,
        register: ProjectionStore,
        health: Health,
        ending: Ending,
        spans: Spans | None = None,
    ) -> None:
        events = Subscription(
            topics=[settings.registered_topic, settings.confidential_topic, settings.taak_topic],
            group=settings.projector_group,
            max_records=settings.batch_size,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        )
        self.group = Group(settings, events, health, ending)
        backlog = Backlog()
        positions = GroupPositions(self.group.consumer, backlog)
        self.batches = Batches(Projector(register, positions, health, ending, spans), ending, backlog)

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Read within the block, as `Group.reading` does."""
        return self.group.reading(self.batches)


class Batches(Reader):
    """Cuts what was fetched into batches, and writes them one after another."""

    def __init__(self, projector: Projector, ending: Ending, backlog: Backlog) -> None:
        super().__init__(backlog)
        self._projector = projector
        self._ending = ending
        self._writing: asyncio.Task[None] | None = None

    async def handle(self, fetched: Fetched) -> None:
        """Read a batch while the one before is being written, and begin to write it when that one is done."""
        for part in light_parts(list(chain.from_iterable(fetched.values())), MAX_BATCH_BYTES):
            await self.write_next(read_all([as_record(each) for each in part]))

    async def write_next(self, batch: ReadBatch) -> None:
        """Begin to write a batch once the one before is written. After a stop, wait until the process is to end."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._projector.stop is not None or self._ending.asked:
            # Nothing more is fetched while this stands still.
            await self._ending.wait()
            return
        self._writing = asyncio.create_task(self._projector.project(batch))
        self._writing.add_done_callback(self._ending.end_with)

    async def finish(self, seconds: float) -> None:
        """Finish writing, or leave it undone after that time: it is not committed, so the next reader does it again."""
        if self._writing is None:
            return
        await asyncio.wait({self._writing}, timeout=seconds)
        if not self._writing.done():
            log.warning("batch.left_undone", reason="MongoDB or Kafka does not answer")
            self._writing.cancel()


class GroupPositions:
    """Commits the positions of the partitions to the group, through the consumer that reads them."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], backlog: Backlog) -> None:
        """`consumer` returns the one that is in the group; `backlog` is told which records are handled."""
        self._consumer = consumer
        self._backlog = backlog

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Commit, as `ports.Positions` promises."""
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer().commit(dict(next_offsets))
        except (CommitFailedError, IllegalStateError) as error:
            # The group has divided the partitions anew. It gives each from its committed position on, to us as well.
            raise PartitionLost from error
        except TimeoutError as error:
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        except KafkaError as error:
            if not error.retriable:
                raise
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        for partition, offset in next_offsets.items():
            self._backlog.handled(partition, offset)
