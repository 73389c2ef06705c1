"""Dead letters as they lie in Kafka: what the classifier makes of a record, at a place in the dead letter topic."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import ConsumerRecord

from schemas.faults import Fault, FaultKind, RefusalKind
from services.operations.dead_letters.letters import Letter, letter_of
from services.runtime.dead_letters import Header, Position, dead_letter
from tests.contacts import NOW, SOURCE

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
) -> Letter:
    """Give a letter of a record that lay at 1-17, so many minutes after the usual moment."""
    made = dead_letter(
        key=key,
        value=value,
        headers=headers,
        position=Position("contact.ended", 1, 17),
        kind=kind,
        faults=faults,
        time=NOW,
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
    """Give a record of the dead letter topic, whoever put it there."""
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
