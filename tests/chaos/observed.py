"""What is there in the end, from the topics (read committed) and the collections alone."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from confluent_kafka import Message
from pymongo import MongoClient

from schemas.dead_letters import KIND, OFFSET, PARTITION, SLEUTEL
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.projector.mongo.writes import Collection
from services.runtime.letters.store import LETTER_KEYS
from services.runtime.settings import Settings
from tests.support.kafka_tools import read_committed

Document = dict[str, Any]

Ends = Mapping[tuple[str, int], int]
"""For each partition of the outputs the offset behind its last event."""


class Input(NamedTuple):
    """A record of `contact.ended`."""

    partition: int
    offset: int
    value: bytes | None
    written_at: datetime


class Output(NamedTuple):
    """An event that was published."""

    topic: str
    key: str
    body: Document


class Letter(NamedTuple):
    """A dead letter: the record that it holds, what was wrong, and the key that opens it."""

    partition: int
    offset: int
    kind: str
    sleutel: str | None


@dataclass(frozen=True)
class Observed:
    """Everything, each partition in its order."""

    inputs: Sequence[Input]
    outputs: Sequence[Output]
    letters: Sequence[Letter]
    besluiten: Sequence[Document]
    partijregister: Sequence[Document]
    letter_keys: frozenset[str]
    projected: Mapping[Collection, Mapping[str, Document]]


def observe(settings: Settings, projected: Callable[[Ends], None]) -> Observed:
    """Read all of it. `projected` waits until all events up to these ends are in the collections."""
    bootstrap = settings.kafka_bootstrap
    outputs = read_committed(bootstrap, list(settings.output_topics))
    projected(_ends(outputs))
    register, projection = settings.register_database, settings.mongo_database
    # Moments with their zone, as the projector reads them.
    with MongoClient[Document](settings.mongo_uri, tz_aware=True) as client:
        return Observed(
            inputs=[_input(each) for each in read_committed(bootstrap, list(settings.contact_topics))],
            outputs=[_output(each) for each in outputs if each.value() is not None],
            letters=[_letter(each) for each in read_committed(bootstrap, [settings.dead_letter_topic])],
            besluiten=client[register][BESLUITEN].find().to_list(),
            partijregister=client[register][PARTIJREGISTER].find().to_list(),
            letter_keys=frozenset(each["_id"] for each in client[register][LETTER_KEYS].find({}, {"_id": 1})),
            projected={each: {found["_id"]: found for found in client[projection][each].find()} for each in Collection},
        )


def _input(message: Message) -> Input:
    moment = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    return Input(message.partition() or 0, message.offset() or 0, message.value(), moment)


def _output(message: Message) -> Output:
    return Output(message.topic() or "", (message.key() or b"").decode(), json.loads(message.value() or b""))


def _letter(message: Message) -> Letter:
    all_headers: Any = message.headers() or []
    headers = {name: value.decode() for name, value in all_headers if value is not None}
    return Letter(int(headers[PARTITION]), int(headers[OFFSET]), headers[KIND], headers.get(SLEUTEL))


def _ends(messages: Sequence[Message]) -> Ends:
    ends: defaultdict[tuple[str, int], int] = defaultdict(int)
    for each in messages:
        place = (each.topic() or "", each.partition() or 0)
        ends[place] = max(ends[place], (each.offset() or 0) + 1)
    return ends
