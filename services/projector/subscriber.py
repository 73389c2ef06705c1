"""The projector's consumption from its start to its end.

How far each partition has been projected, kept in the consumer group.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.projector.handler import Batch, Projector, read_all
from services.projector.ports import Partition, Record, Register
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.assignment import Assignment, Backlog, Fetch, Reading
from services.runtime.kafka.group import Membership
from services.runtime.kafka.records import light_parts
from services.runtime.observe.health import Health, Part
from services.runtime.observe.tracing import Spans
from services.runtime.settings import Settings

log = structlog.get_logger()

MAX_POLL_INTERVAL_MS: Final = 7 * 24 * 60 * 60 * 1000
"""However long MongoDB is away, or we stand still at an event that can't be projected, the partitions stay ours: the
heartbeat shows that we live. Given away, they would stop the next instance at the same event."""

MAX_BATCH_BYTES: Final = 2 * 1024 * 1024
"""Of the events of one batch. Reading and merging them takes a fraction of a second, in which nothing else runs, such
as the heartbeat. 500 events are half of it as a rule; of the largest contacts, which give 50 kB an event, 40 are."""


class Consumption:
    """Projects what arrives within its block, as `Membership` does."""

    def __init__(
        self,
        settings: Settings,
        *,
        register: Register,
        health: Health,
        ending: Ending,
        spans: Spans | None = None,
    ) -> None:
        self._ending = ending
        assignment = Assignment()
        positions = GroupPositions(self._consumer, assignment.backlog)
        self._projector = Projector(register, positions, health, ending, spans)
        self._writing: asyncio.Task[None] | None = None
        reading = Reading(
            topics=[settings.registered_topic, settings.confidential_topic, settings.taak_topic],
            group=settings.projector_group,
            max_records=settings.batch_size,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
            handle=self._handle,
            finish=self._finish_writing,
            tells_of_kafka=lambda: not self.is_idle,
            assignment=assignment,
        )
        self._membership = Membership(settings, reading, health, ending)

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is in hand."""
        return self._writing is None or self._writing.done()

    async def __aenter__(self) -> Self:
        await self._membership.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._membership.__aexit__()

    def _consumer(self) -> AIOKafkaConsumer:
        return self._membership.consumer()

    async def _handle(self, fetch: Fetch) -> None:
        """Read a batch while the one before is being written, and begin to write it when that one is done."""
        for part in light_parts(fetch, MAX_BATCH_BYTES):
            await self._write_next(read_all([_record(each) for each in part]))

    async def _write_next(self, batch: Batch) -> None:
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._projector.stop is not None or self._ending.asked:
            # Stand still here, so that nothing more is fetched, until somebody ends the process.
            await self._ending.wait()
            return
        self._writing = asyncio.create_task(self._projector.project(batch))
        self._writing.add_done_callback(self._ending.end_with)

    async def _finish_writing(self, seconds: float) -> None:
        if self._writing is None:
            return
        await asyncio.wait({self._writing}, timeout=seconds)
        if not self._writing.done():
            # Nothing is lost: it was not committed, so whoever reads next does it again.
            log.warning("batch.left_undone", reason="MongoDB or Kafka does not answer")
            self._writing.cancel()


def _record(record: "ConsumerRecord[bytes, bytes]") -> Record:
    return Record(Partition(record.topic, record.partition), record.offset, record.value)


COMMIT_SECONDS: Final = 5.0
"""aiokafka tries for ever. A commit takes milliseconds; after this long readiness has to say that it fails."""


class GroupPositions:
    """Commits through the consumer that reads the partitions."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], backlog: Backlog) -> None:
        """Take the consumer that is in the group, and who hears what is done."""
        self._consumer = consumer
        self._backlog = backlog

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """Commit, as `ports.Positions` promises."""
        offsets = {TopicPartition(*partition): offset for partition, offset in next_offsets.items()}
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer().commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The group has divided the partitions anew. It gives each from its committed position on, to us as well.
            raise PartitionLost from error
        except TimeoutError as error:
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        except KafkaError as error:
            if not error.retriable:
                raise
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        for partition, offset in offsets.items():
            self._backlog.handled(partition, offset)
