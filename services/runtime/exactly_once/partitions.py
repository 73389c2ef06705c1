"""The partitions that the group assigns to this instance, each of which a `Partition` handles."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.runtime.exactly_once.partition import REVOCATION_SHARE, Means, Partition
from services.runtime.exactly_once.slices import MAX_SLICE_BYTES, ROOM_BYTES, Room, log_dropped
from services.runtime.kafka.assignment import Fetched, by_topic
from services.runtime.kafka.group import Reader
from services.runtime.observe.health import Facts

log = structlog.get_logger()

FETCHED_BYTES: Final = 2 * ROOM_BYTES
"""Of the records that were fetched and are not handled, over all partitions, as `Room` counts: those of the slices in
flight and of the next ones. A usual contact takes about as much memory as it counts for."""

FETCHED_BYTES_OF_ONE: Final = MAX_SLICE_BYTES * 3 // 2
"""The same of one partition: a slice in flight, and a good part of the next one. More of it stays in the fetcher, which
then asks for no more of that partition and goes on with the others."""

STUCK_SECONDS: Final = 150
"""A slice that takes longer than that is stuck: nothing is polled until it is done. After as long again without a poll
the group gives our partitions to others, five minutes in all. Nothing that goes well takes as long."""


class Partitions(Reader):
    """The partitions that this instance holds.

    On assignment each partition begins to be taken over. The listener does not wait for that: it would keep the
    heartbeat from starting. On revocation nothing new begins, batches in flight get some time and are then cancelled,
    and the writers are closed; all of that before the listener returns, since the group waits for it.
    """

    def __init__(self, means: Means, batch_size: int) -> None:
        """`batch_size`: the most contacts of one slice."""
        super().__init__()
        self._means = means
        self._room = Room(batch_size)
        self._held: dict[TopicPartition, Partition] = {}
        self._stops = means.make_stops()
        self._stopping = False

    def facts(self) -> Facts:
        """Return what readiness shows of the writers: one for each partition, which it first has to take over."""
        taken_over = [held.is_taken_over for held in self._held.values()]
        return {"ready": taken_over.count(True), "taking_over": taken_over.count(False)}

    # The group

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish or abandon everything. A group with an eager protocol revokes all there is."""
        await super().on_partitions_revoked(revoked)
        await self._failing(self._give_up(self._means.session_seconds * REVOCATION_SHARE))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin to take the partitions over."""
        await self._failing(self._take(assigned))
        await super().on_partitions_assigned(assigned)

    async def finish(self, seconds: float) -> None:
        """Finish or abandon everything within that time, and take nothing more."""
        self._stopping = True
        await self._give_up(seconds)

    async def _failing(self, step: Awaitable[None]) -> None:
        """Do a step of the listener. aiokafka swallows its exceptions, so they go to `fail`."""
        try:
            await step
        except Exception as error:  # noqa: BLE001 - it is handed on
            self._means.fail(error)

    async def _take(self, assigned: Iterable[TopicPartition]) -> None:
        if self._stopping:
            return
        assert not self._held, "everything is revoked before anything is assigned"
        for partition in sorted(assigned):
            self._held[partition] = Partition(partition, self._means, self._room, self.backlog, self._stops)
        log.info("partitions.assigned", partitions=by_topic(self._held))

    async def _give_up(self, seconds: float) -> None:
        held, self._held = list(self._held.values()), {}
        finished = await asyncio.gather(*(partition.give_up(seconds) for partition in held))
        self._room.freed.set()
        self._stops.end()
        self._stops = self._means.make_stops()
        if held:
            log.info(
                "partitions.given_up",
                partitions=by_topic(partition.place for partition in held),
                abandoned=finished.count(False),
            )

    # The records

    async def between_polls(self, consumer: AIOKafkaConsumer) -> None:
        """Try the record again of a stopped partition that an operator wants skipped."""
        await self._stops.look(consumer)
        for place in self._stops.going_on():
            if held := self._held.get(place):
                held.go_on()

    def is_full(self, partition: TopicPartition) -> bool:
        """Whether so much of a partition was fetched that it is not polled now."""
        held = self._held.get(partition)
        return held is not None and held.fetched_bytes >= FETCHED_BYTES_OF_ONE

    def has_room(self) -> bool:
        """Whether anything may be fetched: not too much is in flight, and no slice is stuck."""
        held = self._held.values()
        return (
            sum(each.fetched_bytes for each in held) < FETCHED_BYTES
            and all(each.slice_seconds < STUCK_SECONDS for each in held)
            and not (held and all(map(self.is_full, self._held)))
        )

    async def room(self) -> None:
        """Wait until anything may be fetched."""
        while not self.has_room():
            self._room.freed.clear()
            await self._room.freed.wait()

    async def handle(self, fetched: Fetched) -> None:
        """Hand over to each partition what was fetched of it; none waits for another."""
        for place, batch in fetched.items():
            if partition := self._held.get(place):
                partition.take(batch)
            else:
                log_dropped(batch, reason="not assigned")
