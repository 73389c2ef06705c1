"""FastStream's part: it polls, hands each fetch over, and does nothing else with it.

What is set here, and why, follows from its source (0.7.8). Its own parser decodes headers as UTF-8, its decoder
parses JSON and it validates a handler's arguments; whatever fails there is logged with the values in it, and the whole
fetch skipped. It answers to an address that a record may name (`reply_to`). Its polling loop only logs what goes
wrong, and goes on.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiokafka import ConsumerRebalanceListener, ConsumerRecord
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage as InjectedMessage
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.runtime.kafka import subscriber_options
from services.runtime.loop_failures import Fail
from services.runtime.settings import Settings

MAX_RECORDS: Final = 10_000
"""Of one fetch. Its bytes are bounded already (`services.runtime.kafka`), normally to some thousands of contacts; this
bounds what very many very small records take once they are Python objects (about 1 kB each)."""

Records = Sequence["ConsumerRecord[bytes, bytes]"]
Handle = Callable[[Records], Awaitable[None]]


def subscribe(
    broker: KafkaBroker, settings: Settings, *, listener: ConsumerRebalanceListener, handle: Handle, fail: Fail
) -> BatchSubscriber:
    """Subscribe to `contact.ended`. `fail` takes what nobody can handle; no further records are handed over then."""
    subscriber = broker.subscriber(
        settings.contact_topic,
        batch=True,
        max_records=MAX_RECORDS,
        listener=listener,
        parser=_parse,
        decoder=_decode,
        no_reply=True,
        **subscriber_options(settings, group=settings.classifier_group),
    )
    failed = False

    @subscriber
    async def contacts_ended(message: InjectedMessage) -> None:
        nonlocal failed
        if failed:
            return
        try:
            await handle(message.raw_message)
        except Exception as error:  # noqa: BLE001 - FastStream would log it and go on with the next fetch
            failed = True
            fail(error)

    assert isinstance(subscriber, BatchSubscriber), "that is what batch=True gives"
    return subscriber


async def _parse(records: Records) -> KafkaMessage:
    return KafkaMessage(raw_message=records, body=b"", consumer=_NoConsumer())


async def _decode(message: KafkaMessage) -> None:
    """Leave everything as it is."""


class _NoConsumer:
    """Positions are committed with what is published, never through FastStream."""

    async def commit(self) -> None:
        raise AssertionError("a position is committed in the transaction of its messages")

    def seek(self, partition: object, offset: int) -> None:  # noqa: ARG002 - FastStream's signature
        raise AssertionError("a position is sought where the partitions are held")
