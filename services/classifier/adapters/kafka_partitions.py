"""The partitions that this instance holds, as the consumer group gives and takes them.

On assignment each partition begins to be taken over (`holding`). The listener does not wait for that: it would keep the
heartbeat from starting. On revocation nothing new is begun, what is in flight gets some time and is then cancelled, and
the writers are closed; all of that before the listener returns, since the group waits for it.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Final

import structlog
from aiokafka import TopicPartition

from services.classifier.adapters.holding import Holding, Means, tell_dropped
from services.runtime.kafka.assignment import Assignment, Fetch, by_partition
from services.runtime.observe.health import Facts

log = structlog.get_logger()

SLICES_AT_ONCE: Final = 4
"""Batches of different partitions handled side by side: while one waits for MongoDB or Kafka the others compute.
More bring nothing on one core, and each holds its contacts in memory."""


class KafkaPartitions(Assignment):
    """Listens to the group, and hands what is fetched to the partition that it is of."""

    def __init__(self, means: Means) -> None:
        super().__init__()
        self._means = means
        self._slots = asyncio.Semaphore(SLICES_AT_ONCE)
        self._holdings: dict[TopicPartition, Holding] = {}
        self._stopping = False

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is going on."""
        return all(holding.is_idle for holding in self._holdings.values())

    def facts(self) -> Facts:
        """Give what readiness shows of the writers: one for each partition, which has to take it over first."""
        taken_over = [holding.is_taken_over for holding in self._holdings.values()]
        return {"ready": taken_over.count(True), "taking_over": taken_over.count(False)}

    # The group

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish or abandon everything. A group with an eager protocol revokes all there is."""
        await super().on_partitions_revoked(revoked)
        await self._failing(self._give_up(self._means.revocation_seconds))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin to take the partitions over."""
        await self._failing(self._take(assigned))
        await super().on_partitions_assigned(assigned)

    async def stop(self, seconds: float) -> None:
        """Finish or abandon everything within that time, and take nothing more."""
        self._stopping = True
        await self._give_up(seconds)

    async def _failing(self, step: Awaitable[None]) -> None:
        """Do a step of the listener, of which aiokafka swallows the exceptions."""
        try:
            await step
        except Exception as error:  # noqa: BLE001 - it is handed on
            self._means.fail(error)

    async def _take(self, assigned: Iterable[TopicPartition]) -> None:
        if self._stopping:
            return
        assert not self._holdings, "everything is revoked before anything is assigned"
        for partition in sorted(assigned):
            self._holdings[partition] = Holding(partition, self._means, self._slots, self.backlog)
        log.info("partitions.assigned", partitions=[partition.partition for partition in self._holdings])

    async def _give_up(self, seconds: float) -> None:
        holdings, self._holdings = list(self._holdings.values()), {}
        finished = await asyncio.gather(*(holding.give_up(seconds) for holding in holdings))
        if holdings:
            log.info(
                "partitions.given_up",
                partitions=[holding.partition.partition for holding in holdings],
                abandoned=finished.count(False),
            )

    # The records

    async def handle(self, fetch: Fetch) -> None:
        """Handle what was fetched, partition by partition side by side; returns when all of it is done or dropped.

        Raises what the handler raises, in an exception group.
        """
        async with asyncio.TaskGroup() as group:
            for partition, batch in by_partition(fetch):
                holding = self._holdings.get(partition)
                if holding is None:
                    tell_dropped(batch, reason="not assigned")
                else:
                    holding.work = group.create_task(holding.handle(batch))
