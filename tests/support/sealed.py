"""Sealed letters for tests: made as the classifier makes them, and opened with the key of the tests."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka import ConsumerRecord
from confluent_kafka import Message as Published
from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.collection import Collection

from schemas.dead_letters import key_id_in, tied_to
from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from services.classifier.encoding import Encoder
from services.domain.outcome import Refused
from services.operations.dead_letters.letters import Letter, Opened, letter_of
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.letters.letter_keys import MongoLetterKeys
from services.runtime.letters.sealing import LetterKey, Sealer
from services.runtime.letters.store import LETTER_KEYS, WRAPPED
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.support.contacts import NOW
from tests.support.kafka_tools import producer

REGISTER_KEY: Final = b"a key of the tests, thirty-two bytes"
SEALER: Final = Sealer(REGISTER_KEY)
KEPT: Final = timedelta(days=21)
MISSING: Final = Refusal(RefusalKind.CONTACT_ONGELDIG, (Fault("data.kanaal", FaultKind.ONTBREEKT),))


def with_key(settings: Settings) -> Settings:
    """Return the settings with the key under which the letters here are sealed."""
    return settings.model_copy(update={"sleutel": SecretStr(REGISTER_KEY.decode())})


def encoded(settings: Settings, record: Record, refusal: Refusal = MISSING, *, sealer: Sealer = SEALER) -> Message:
    """Return the dead letter of a record as the classifier makes it."""
    (message,) = Encoder(settings, sealer).messages(record, Refused(refusal), datetime.now(UTC))
    return message


def contents_of(message: Message) -> bytes | None:
    """Return the value of the record that became this letter."""
    if message.letter_key is None:
        return message.value
    return SEALER.open(message.value or b"", tied_to(message.headers), message.letter_key.wrapped)


def opened(record: "ConsumerRecord[bytes, bytes]", key: LetterKey | None) -> Letter:
    """Return the letter of a record of the dead letter topic."""
    if key is None:
        return letter_of(record)
    assert key_id_in(record.headers) == key.key_id
    value = SEALER.open(record.value or b"", tied_to(record.headers), key.wrapped)
    return letter_of(record, Opened(value, source=key.source, contact_key=key.contact_key))


def values_of(settings: Settings, messages: Iterable[Published]) -> list[bytes]:
    """Return the values of letters that the classifier has published, opened with the keys in MongoDB."""
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        kept = client[settings.register_database][LETTER_KEYS]
        return [_value_of(each, kept) for each in messages]


def _value_of(message: Published, kept: Collection[dict[str, Any]]) -> bytes:
    headers: Any = message.headers() or []
    key_id = key_id_in(headers)
    if key_id is None:
        return message.value() or b""
    found = kept.find_one({"_id": key_id})
    assert found is not None, "a letter that anyone reads has its key"
    return SEALER.open(message.value() or b"", tied_to(headers), found[WRAPPED])


async def publish_sealed(settings: Settings, *records: Record, sealer: Sealer = SEALER) -> list[LetterKey]:
    """Keep the keys of the letters of some records, and put the letters into partition 0 of the topic."""
    messages = [encoded(settings, each, sealer=sealer) for each in records]
    keys = [each.letter_key for each in messages if each.letter_key is not None]
    async with await connect(settings) as client:
        store = MongoLetterKeys(client[settings.register_database], KEPT)
        await store.prepare()
        if keys:
            await store.keep(keys)
    send(settings, *messages)
    return keys


def send(settings: Settings, *messages: Message) -> None:
    """Put letters into partition 0 of the topic."""
    sender = producer(settings.kafka_bootstrap)
    for each in messages:
        sender.produce(each.topic, value=each.value, key=each.key, partition=0, headers=list(each.headers))
    assert sender.flush(60) == 0


def contact_record(settings: Settings, value: bytes | None, *, offset: int = 0, key: bytes = b"klant-1") -> Record:
    """Return a record of the first topic of publishers."""
    return Record(settings.contact_topics[0], 0, offset, NOW, key, value, ())
