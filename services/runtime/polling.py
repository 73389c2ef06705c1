"""FastStream's part: it polls, hands each fetch over, and does nothing else with it.

What is set here, and why, follows from its source (0.7.8). Its own parser decodes headers as UTF-8, its decoder
parses JSON and it validates a handler's arguments; whatever fails there is logged with the values in it, and the whole
fetch skipped. It answers to an address that a record may name (`reply_to`). Its polling loop only logs what goes
wrong, and goes on.
"""

import logging
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage as InjectedMessage
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.runtime.kafka import subscriber_options
from services.runtime.reading import Fail, Fetch, Reading
from services.runtime.settings import Settings


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
