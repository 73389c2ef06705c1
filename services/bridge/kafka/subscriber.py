"""Reads the output topics as the bridge's group, and hands what each record asks for to the lanes."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import chain
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.bridge.kafka.lanes import Handling, Lanes
from services.bridge.triggers import asking_of
from services.runtime.ending import Ending
from services.runtime.kafka.assignment import Backlog, Fetched
from services.runtime.kafka.group import Group, Reader
from services.runtime.kafka.group_broker import Subscription
from services.runtime.kafka.records import as_record
from services.runtime.observe import metrics
from services.runtime.observe.failures import type_name
from services.runtime.observe.health import Health
from services.runtime.settings import Settings

log = structlog.get_logger()

MAX_RECORDS: Final = 500

MAX_POLL_INTERVAL_MS: Final = 7 * 24 * 60 * 60 * 1000
"""The partitions stay ours while Open Klant is away; the heartbeat shows that we live."""

LANES_A_CALL: Final = 2
"""Lanes for each call that may be under way: while one waits for MongoDB, the call of another goes out. A lane that
holds a lease waits for its turn no longer than one call may take, and `from_settings.states_of` reckons with that."""

COMMIT_SECONDS: Final = 5.0
"""aiokafka retries a commit for ever. It takes milliseconds."""


class TriggerSubscriber:
    """Reads events as a member of the bridge's group."""

    def __init__(self, settings: Settings, handle: Handling, *, health: Health, ending: Ending) -> None:
        triggers = Subscription(
            topics=settings.bridge_topics,
            group=settings.openklant_group,
            max_records=MAX_RECORDS,
            writes_to=settings.openklant_topics,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        )
        self.group = Group(settings, triggers, health, ending)
        lanes = Lanes(LANES_A_CALL * settings.openklant_lanes, handle)
        self._triggers = Triggers(lanes, settings.own_sources, ending)

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Reads within the block, as `Group.reading` does."""
        return self.group.reading(self._triggers)


class BacklogOfIds(Backlog):
    """The records in flight without their contents: one lane may wait for days, and thousands of records with it."""

    def take(self, fetched: Fetched) -> None:
        """Add what was fetched."""
        super().take({place: [replace(each, value=None) for each in batch] for place, batch in fetched.items()})


class Triggers(Reader):
    """Puts records into lanes, and commits what they have done."""

    def __init__(self, lanes: Lanes, own_sources: frozenset[str], ending: Ending) -> None:
        super().__init__(BacklogOfIds())
        self._lanes = lanes
        self._own_sources = own_sources
        self._ending = ending
        self._tasks: Sequence[asyncio.Task[None]] = ()
        self._committed: dict[TopicPartition, int] = {}
        self._consumer: AIOKafkaConsumer | None = None

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Commit the records that are done, and drop the others."""
        if self._consumer is not None:
            await self._commit(self._consumer)
        await super().on_partitions_revoked(revoked)
        self._forget()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin anew. The group may assign without having revoked first."""
        await super().on_partitions_assigned(assigned)
        self._forget()

    def _forget(self) -> None:
        self._lanes.forget()
        self._committed = {}

    async def between_polls(self, consumer: AIOKafkaConsumer) -> None:
        """Commit the records that the lanes have done."""
        self._consumer = consumer
        await self._commit(consumer)

    async def room(self) -> None:
        """Wait until the lanes take more; commit meanwhile."""
        while True:
            try:
                async with asyncio.timeout(1):
                    await self._lanes.room()
                    return
            except TimeoutError:
                if self._consumer is not None:
                    await self._commit(self._consumer)

    async def handle(self, fetched: Fetched) -> None:
        """Put records into the lanes."""
        if not self._tasks:
            self._tasks = self._lanes.running()
            for task in self._tasks:
                task.add_done_callback(self._ending.end_with)
        for each in chain.from_iterable(fetched.values()):
            record = as_record(each)
            asking = asking_of(record.value, self._own_sources)
            self._lanes.take(replace(record, value=None), asking)  # ids are all that waits

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        done = self._lanes.committable()
        news = {place: offset for place, offset in done.items() if offset > self._committed.get(place, 0)}
        if not news:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await consumer.commit(news)
        except (CommitFailedError, IllegalStateError, TimeoutError, KafkaError) as error:
            # We, or another instance, handle the same records again, which changes nothing.
            log.warning("bridge.commit_refused", error=type_name(error))
            return
        self._committed |= news
        metrics.LAST_COMMIT_TIMESTAMP_SECONDS.set_to_current_time()
        for place, offset in news.items():
            self.backlog.handled(place, offset)

    async def finish(self, seconds: float) -> None:
        """End each lane after its record, or drop that after `seconds`: the next reader repeats it. Then commit."""
        self._lanes.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._consumer is not None:
            await self._commit(self._consumer)
