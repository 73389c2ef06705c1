"""Being a member of a consumer group: joining it, telling readiness how it goes, and leaving it.

FastStream's part: it polls, hands each fetch over, and does nothing else with it.

What is set here, and why, follows from its source (0.7.8). Its own parser decodes headers as UTF-8, its decoder
parses JSON and it validates a handler's arguments; whatever fails there is logged with the values in it, and the whole
fetch skipped. It answers to an address that a record may name (`reply_to`). Its polling loop only logs what goes
wrong, and goes on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage as InjectedMessage
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.runtime.ending import Ending
from services.runtime.errors import TransientFailure
from services.runtime.kafka import clients
from services.runtime.kafka.assignment import Fail, Fetch, Reading
from services.runtime.kafka.clients import LIBRARY_LOGGER, subscriber_options
from services.runtime.kafka.errors import missing_right
from services.runtime.kafka.health import GroupHealth
from services.runtime.kafka.lag import LagWatch
from services.runtime.observe.health import Facts, Health, Part
from services.runtime.settings import Settings

log = structlog.get_logger()

DRAIN_SHARE: Final = 0.7
"""Of the time for shutting down: how long what is in flight may take. The rest is for leaving the group."""


class Membership:
    """Reads as a member of the group within its block; on leaving it, finishes what is in flight.

    What nobody can handle goes to `ending`. Entering raises TransientFailure when Kafka goes away meanwhile, and
    InvalidSettings when it does not let this user into the group.
    """

    def __init__(self, settings: Settings, reading: Reading, health: Health, ending: Ending) -> None:
        self._shutdown_seconds = settings.shutdown_seconds
        self._reading = reading
        self._group = GroupHealth(health, reading, assignment_seconds=settings.session_timeout_ms / 1000)
        self._lag = LagWatch(reading.assignment)
        self._health = health
        self._ending = ending
        self._broker = clients.broker(settings)
        self._subscriber = subscribe(
            self._broker, settings, reading, handle=self._handle, polling=self._group.polling, fail=ending.fail
        )
        self._loop_failures = LoopFailures(lambda error: ending.fail(missing_right(error) or error))
        self._watches: list[asyncio.Task[None]] = []

    def consumer(self) -> AIOKafkaConsumer:
        """Give the consumer that is in the group."""
        consumer = self._subscriber.consumer
        assert consumer is not None, "it is there from before the first assignment until we leave"
        return consumer

    async def __aenter__(self) -> Self:
        LIBRARY_LOGGER.addHandler(self._loop_failures)
        try:
            await self._ending.unless(self._join())
        except BaseException:
            await self._leave()
            raise
        if not self._ending.asked:
            self._watches = [
                asyncio.create_task(self._group.watch(self.consumer)),
                asyncio.create_task(self._lag.watch(self.consumer)),
            ]
            for watch in self._watches:
                # Without it readiness would say for ever what it said last.
                watch.add_done_callback(self._ending.end_with)
            self._health.describe(Part.KAFKA, self._facts)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _join(self) -> None:
        try:
            await self._broker.start()
        except KafkaError as error:
            if told := missing_right(error):
                raise told from error
            raise TransientFailure("Kafka stopped answering while we joined the group.", part=Part.KAFKA) from error

    async def _leave(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await self._reading.finish(self._shutdown_seconds * DRAIN_SHARE)
        try:
            async with asyncio.timeout(self._shutdown_seconds * (1 - DRAIN_SHARE)):
                await self._broker.stop()
        except TimeoutError:
            log.warning("group.not_left", reason="Kafka does not answer")
        LIBRARY_LOGGER.removeHandler(self._loop_failures)

    async def _handle(self, fetch: Fetch) -> None:
        self._reading.assignment.backlog.take(fetch)
        with self._group.handling():
            await self._reading.handle(fetch)

    def _facts(self) -> Facts:
        consumer = self._subscriber.consumer
        group = {} if consumer is None else self._group.facts(consumer)
        return {**group, **self._lag.facts()}


def subscribe(
    broker: KafkaBroker,
    settings: Settings,
    reading: Reading,
    *,
    handle: Callable[[Fetch], Awaitable[None]],
    polling: Callable[[], None],
    fail: Fail,
) -> BatchSubscriber:
    """Subscribe, with `handle` around that of `reading`. `fail` takes what it raises; nothing is handed over then.
    `polling` is called before each poll.
    """
    subscriber = broker.subscriber(
        *reading.topics,
        batch=True,
        max_records=reading.max_records,
        max_poll_interval_ms=reading.max_poll_interval_ms,
        listener=reading.assignment,
        parser=_parse,
        decoder=_decode,
        no_reply=True,
        **subscriber_options(settings, group=reading.group),
    )
    failed = False

    @subscriber
    async def fetched(message: InjectedMessage) -> None:
        nonlocal failed
        if failed:
            return
        try:
            await handle(message.raw_message)
        except Exception as error:  # noqa: BLE001 - FastStream would log it and go on with the next fetch
            failed = True
            fail(error)

    assert isinstance(subscriber, BatchSubscriber), "that is what batch=True gives"
    _tell_polls(subscriber, polling)
    return subscriber


def _tell_polls(subscriber: BatchSubscriber, polling: Callable[[], None]) -> None:
    """Tell of each poll. Whether the loop still turns shows nowhere else: aiokafka fetches ahead without it."""
    poll = subscriber.get_msg

    async def told_poll(consumer: AIOKafkaConsumer) -> Fetch:
        polling()
        return await poll(consumer)

    subscriber.get_msg = told_poll  # type: ignore[assignment, method-assign] # only this one subscriber's


class LoopFailures(logging.Handler):
    """Hands on what FastStream's polling loop fails with: its log is the only place where it says so."""

    def __init__(self, fail: Fail) -> None:
        super().__init__(logging.ERROR)
        self._fail = fail

    def emit(self, record: logging.LogRecord) -> None:
        """Let a failure end the process, unless it is one of Kafka that passes."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or (isinstance(error, KafkaError) and error.retriable):
            return
        self._fail(error)


async def _parse(fetch: Fetch) -> KafkaMessage:
    return KafkaMessage(raw_message=fetch, body=b"", consumer=_NoConsumer())


async def _decode(message: KafkaMessage) -> None:
    """Leave everything as it is."""


class _NoConsumer:
    """A position is committed and sought by whoever handles the records, never by FastStream."""

    async def commit(self) -> None:
        raise AssertionError("a position is committed where its records are handled")

    def seek(self, partition: object, offset: int) -> None:  # noqa: ARG002 - FastStream's signature
        raise AssertionError("a position is sought where its records are handled")
