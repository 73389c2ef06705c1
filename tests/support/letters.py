"""Dead letters as Kafka holds them: made by the classifier of a record, at a place in the dead letter topic."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import ConsumerRecord

from schemas.cloudevents import Header
from schemas.dead_letters import dead_letter
from schemas.faults import Fault, FaultKind, RefusalKind
from schemas.positions import Position
from services.operations.dead_letters.letters import Letter, letter_of
from services.runtime.settings import Settings
from tests.support.contacts import NOW, SOURCE
from tests.support.kafka_tools import producer

DEAD_LETTER_TOPIC = "contact.ended.dlq"
MISSING = Fault("data.kanaal", FaultKind.ONTBREEKT)
VALUE = f'{{"source":"{SOURCE}","data":{{}}}}'.encode()


def letter(
    *,
    offset: int = 120,
    partition: int = 3,
    key: bytes | None = b"klant-1",
    value: bytes | None = VALUE,
    headers: Sequence[Header] = (),
    kind: RefusalKind = RefusalKind.CONTACT_ONGELDIG,
    faults: Sequence[Fault] = (MISSING,),
    minutes: int = 0,
    last_offset: int | None = None,
    topic: str = "contact.ended",
) -> Letter:
    """Return a letter of the record at 1-17, so many minutes after the usual moment."""
    made = dead_letter(
        key=key,
        value=value,
        headers=headers,
        position=Position(topic, 1, 17),
        kind=kind,
        faults=faults,
        time=NOW,
        last_offset=last_offset,
    )
    moment = NOW + timedelta(minutes=minutes)
    return letter_of(
        record(offset=offset, partition=partition, key=made.key, value=made.value, headers=made.headers, moment=moment)
    )


def record(
    *,
    offset: int = 120,
    partition: int = 3,
    key: bytes | None = None,
    value: bytes | None = None,
    headers: Sequence[Header] = (),
    moment: datetime = datetime(2026, 11, 20, 10, tzinfo=UTC),
) -> "ConsumerRecord[bytes, bytes]":
    """Return a record of the dead letter topic, by any producer."""
    return ConsumerRecord(
        topic=DEAD_LETTER_TOPIC,
        partition=partition,
        offset=offset,
        timestamp=round(moment.timestamp() * 1000),
        timestamp_type=1,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""),
        headers=tuple(headers),
    )


def publish_letters(
    settings: Settings,
    values: Iterable[bytes],
    *,
    partition: int = 0,
    headers: Sequence[Header] = (),
    faults: Sequence[Fault] = (MISSING,),
    topic: str | None = None,
) -> None:
    """Put letters of these values into the dead letter topic, as the classifier does, each under a key of its own."""
    sender = producer(settings.kafka_bootstrap)
    for number, value in enumerate(values):
        made = dead_letter(
            key=f"klant-{number}".encode(),
            value=value,
            headers=headers,
            position=Position(topic or settings.contact_topics[0], partition, number),
            kind=RefusalKind.CONTACT_ONGELDIG,
            faults=faults,
            time=datetime.now(UTC),
        )
        sender.produce(
            settings.dead_letter_topic,
            value=made.value,
            key=made.key,
            partition=partition,
            headers=list(made.headers),
        )
        sender.poll(0)
    assert sender.flush(60) == 0
