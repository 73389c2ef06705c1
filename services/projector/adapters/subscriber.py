"""FastStream's part: it polls, hands each fetch over, and does nothing else with it.

What is set here follows from its source (0.7.8). Its own parser decodes headers as UTF-8, its decoder parses JSON and
it validates a handler's arguments; what fails there is logged with the values in it, and the whole fetch skipped. It
answers to an address that a record may name (`reply_to`). Its polling loop only logs what goes wrong, and goes on.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiokafka import ConsumerRecord
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage as InjectedMessage
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.projector.ports import Partition, Record
from services.runtime.kafka import subscriber_options
from services.runtime.loop_failures import Fail
from services.runtime.settings import Settings

MAX_POLL_INTERVAL_MS: Final = 7 * 24 * 60 * 60 * 1000
"""However long MongoDB is away, or we stand still at an event that can't be projected, the partitions stay ours: the
heartbeat shows that we live. Given away, they would stop the next instance at the same event."""

Handle = Callable[[Sequence[Record]], Awaitable[None]]


def subscribe(broker: KafkaBroker, settings: Settings, *, handle: Handle, fail: Fail) -> BatchSubscriber:
    """Subscribe to what the classifier publishes. `fail` takes what nobody can handle; nothing is handed over then."""
    subscriber = broker.subscriber(
        settings.registered_topic,
        settings.confidential_topic,
        settings.taak_topic,
        batch=True,
        max_records=settings.batch_size,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        parser=_parse,
        decoder=_decode,
        no_reply=True,
        **subscriber_options(settings, group=settings.projector_group),
    )
    failed = False

    @subscriber
    async def klantcontacten_registered(message: InjectedMessage) -> None:
        nonlocal failed
        if failed:
            return
        try:
            await handle([_record(each) for each in message.raw_message])
        except Exception as error:  # noqa: BLE001 - FastStream would log it and go on with the next fetch
            failed = True
            fail(error)

    assert isinstance(subscriber, BatchSubscriber), "that is what batch=True gives"
    return subscriber


def _record(record: "ConsumerRecord[bytes, bytes]") -> Record:
    return Record(Partition(record.topic, record.partition), record.offset, record.value)


async def _parse(records: "Sequence[ConsumerRecord[bytes, bytes]]") -> KafkaMessage:
    return KafkaMessage(raw_message=records, body=b"", consumer=_NoConsumer())


async def _decode(message: KafkaMessage) -> None:
    """Leave everything as it is."""


class _NoConsumer:
    """Positions are committed after the write, never through FastStream."""

    async def commit(self) -> None:
        raise AssertionError("a position is committed after the write")

    def seek(self, *_: object) -> None:
        raise AssertionError("what was read stays read")
