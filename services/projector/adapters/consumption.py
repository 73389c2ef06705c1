"""The projector's consumption from its start to its end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.projector.adapters.positions import GroupPositions
from services.projector.adapters.subscriber import subscribe
from services.projector.adapters.watch import Idleness, watch
from services.projector.handler import Projector, read_all
from services.projector.ports import Record, Register
from services.runtime import kafka
from services.runtime.ending import Ending
from services.runtime.errors import TransientFailure
from services.runtime.health import Health, Part
from services.runtime.kafka import LIBRARY_LOGGER
from services.runtime.loop_failures import LoopFailures
from services.runtime.settings import Settings

log = structlog.get_logger()

DRAIN_SHARE: Final = 0.7
"""Of the time for shutting down: how long the batch in hand may take. The rest is for leaving the group."""


class Consumption:
    """Projects what arrives within its block; on leaving it, finishes the batch in hand.

    What nobody can handle goes to `ending`. Entering raises TransientFailure when Kafka goes away meanwhile.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        register: Register,
        is_database_there: Callable[[], Awaitable[bool]],
        health: Health,
        ending: Ending,
    ) -> None:
        self._settings = settings
        self._ending = ending
        self._loop_failures = LoopFailures(ending.fail)
        self._broker = kafka.broker(settings)
        self._projector = Projector(register, GroupPositions(self._consumer), health, ending)
        self._subscriber = subscribe(self._broker, settings, handle=self._handle, fail=ending.fail)
        self._idleness = Idleness()
        self._watching = watch(
            self._consumer,
            is_database_there,
            self._idleness,
            health,
            assignment_seconds=settings.session_timeout_ms / 1000,
        )
        self._writing: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        LIBRARY_LOGGER.addHandler(self._loop_failures)
        try:
            await self._ending.unless(self._join())
        except BaseException:
            await self._leave()
            raise
        self._watch = asyncio.create_task(self._watching)
        self._watch.add_done_callback(self._fail_with)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _join(self) -> None:
        try:
            await self._broker.start()
        except KafkaError as error:
            raise TransientFailure("Kafka stopped answering while we joined the group.", part=Part.KAFKA) from error

    async def _leave(self) -> None:
        self._watching.close() if self._watch is None else self._watch.cancel()
        await self._finish_writing()
        try:
            async with asyncio.timeout(self._settings.shutdown_seconds * (1 - DRAIN_SHARE)):
                await self._broker.stop()
        except TimeoutError:
            log.warning("group.not_left", reason="Kafka does not answer")
        LIBRARY_LOGGER.removeHandler(self._loop_failures)

    async def _finish_writing(self) -> None:
        if self._writing is None:
            return
        await asyncio.wait({self._writing}, timeout=self._settings.shutdown_seconds * DRAIN_SHARE)
        if not self._writing.done():
            # Nothing is lost: it was not committed, so whoever reads next does it again.
            log.warning("batch.left_undone", reason="MongoDB or Kafka does not answer")
            self._writing.cancel()

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        assert consumer is not None, "it is there from before the first batch until we leave"
        return consumer

    async def _handle(self, records: Sequence[Record]) -> None:
        """Read a batch while the one before is being written, and begin to write it when that one is done."""
        batch = read_all(records)
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._projector.stop is not None or self._ending.asked:
            # Stand still here, so that nothing more is fetched, until somebody ends the process.
            await self._ending.wait()
            return
        self._idleness.end()
        self._writing = asyncio.create_task(self._projector.project(batch))
        self._writing.add_done_callback(self._written)

    def _written(self, writing: asyncio.Task[None]) -> None:
        self._idleness.begin()
        self._fail_with(writing)

    def _fail_with(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._ending.fail(error)
