"""A register with decided contacts, and their records in Kafka: made step by step, without the services."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas import dead_letters
from schemas.faults import Fault, FaultKind
from schemas.positions import Position
from schemas.raw_messages import dead_letter_topic_of
from services.classifier.mongo.register import MongoRegister
from services.domain.besluit import BesluitRecord
from services.domain.case import Case, prepare
from services.domain.events import events_of
from services.domain.outcome import Decided, Outcome
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.operations.dead_letters.letters import LetterId
from services.operations.topics import create_topics
from services.projector.events import read
from services.projector.mongo.register import MongoProjection as Projection
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.support.examples import SOURCE, Wire, event, line, received

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
NOW = datetime(2126, 12, 1, 12, tzinfo=UTC)
"""MongoDB forgets by its own clock what has come to its term: not in the time of these tests."""
ANSWER_SECONDS = 20
REMEMBER_SECONDS = 1_000_000
MISSING = Fault("data.kanaal", FaultKind.ONTBREEKT)


@dataclass
class Town:
    """Decides contacts of one partition, 0, and keeps them where the services would."""

    settings: Settings
    now: datetime = NOW
    offset: int = 0
    letters: int = 0
    messages: int = 0
    refused_messages: int = 0
    decided: dict[str, Decided] = field(default_factory=dict)

    async def prepare(self) -> None:
        """Make topics and collections."""
        await create_topics(self.settings)
        async with await connect(self.settings) as client:
            await MongoRegister(client, self.settings.mongo_database, DEFAULT).prepare()
            await Projection(client, self.settings.mongo_database).prepare(REMEMBER_SECONDS)

    async def decide(
        self, data: Wire, *, source: str = SOURCE, headers: Sequence[tuple[str, bytes | None]] = ()
    ) -> BesluitRecord:
        """Publish a contact and record what is decided about it."""
        self.publish(data, source=source, headers=headers)
        case = prepare(
            received(data, source=source),
            SLEUTELS,
            DEFAULT,
            position=Position(self.settings.contact_topics[0], 0, self.offset - 1),
        )

        def judge(register: Register) -> Sequence[Outcome]:
            return [register.judge(each, self.now) for each in cases]

        cases: Sequence[Case] = [case]
        async with await connect(self.settings) as client:
            [outcome] = await MongoRegister(client, self.settings.mongo_database, DEFAULT).transact(cases, judge)
        assert isinstance(outcome, Decided)
        self.decided[outcome.besluit.contact_id] = outcome
        return outcome.besluit

    async def project(self, contact_id: str) -> None:
        """Store what was decided about a contact."""
        own = self.settings.own_sources
        facts = [read(orjson.dumps(each, option=orjson.OPT_UTC_Z), own).fact for each in self.events_of(contact_id)]
        async with await connect(self.settings) as client:
            await Projection(client, self.settings.mongo_database).apply(facts)

    def events_of(self, contact_id: str) -> Sequence[object]:
        """Return the events that go out for a contact that was decided."""
        judged = self.decided[contact_id]
        return [each.body for each in events_of(judged.received, judged.besluit, self.settings.source, only_new=False)]

    def publish(
        self, data: Wire, *, source: str = SOURCE, headers: Sequence[tuple[str, bytes | None]] = ()
    ) -> Position:
        """Publish a contact that nobody decides about."""
        return self.publish_value(line(event(data, source=source)), headers)

    def publish_value(self, value: bytes | None, headers: Sequence[tuple[str, bytes | None]] = ()) -> Position:
        """Publish any record, and return where it lies."""
        self._send(self.settings.contact_topics[0], value, headers)
        self.offset += 1
        return Position(self.settings.contact_topics[0], 0, self.offset - 1)

    def refuse(
        self, data: Wire, *, source: str = SOURCE, number: int = 1, faults: Sequence[Fault] = (MISSING,)
    ) -> None:
        """Make dead letters of a contact."""
        for _ in range(number):
            self.refuse_value(line(event(data, source=source)), faults=faults)

    def refuse_value(
        self,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        *,
        position: Position | None = None,
        last_offset: int | None = None,
        faults: Sequence[Fault] = (MISSING,),
    ) -> LetterId:
        """Make a dead letter of any record, which lay at a position that holds no contact unless one is given."""
        letter = dead_letters.dead_letter(
            key=None,
            value=value,
            headers=headers,
            position=position or Position(self.settings.contact_topics[0], 1, self.letters),
            kind="contact_ongeldig",
            faults=faults,
            time=self.now,
            last_offset=last_offset,
        )
        self._send(self.settings.dead_letter_topic, letter.value, list(letter.headers))
        self.letters += 1
        return LetterId(0, self.letters - 1)

    def commit(self, group: str, topic: str, offset: int) -> None:
        """Commit an offset of a group."""
        consumer = Consumer({"bootstrap.servers": self.settings.kafka_bootstrap, "group.id": group})
        try:
            consumer.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
        finally:
            consumer.close()

    def send_message(self, value: bytes, headers: Sequence[tuple[str, bytes | None]] = ()) -> Position:
        """Send a message as the platform of the first channel would, and return where it lies."""
        topic = self.settings.raw_topics[0]
        self._send(topic, value, headers)
        self.messages += 1
        return Position(topic, 0, self.messages - 1)

    def refuse_message(self, lies: Position, value: bytes) -> LetterId:
        """Make a dead letter of a message."""
        letter = dead_letters.dead_letter(
            key=None, value=value, headers=(), position=lies, kind="onleesbaar", faults=(), time=self.now
        )
        self._send(dead_letter_topic_of(lies.topic), letter.value, list(letter.headers))
        self.refused_messages += 1
        return LetterId(0, self.refused_messages - 1)

    def send_output(self, value: bytes | None = b"{}") -> None:
        """Publish something that the projector has yet to read."""
        self._send(self.settings.registered_topic, value)

    def _send(
        self,
        topic: str,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        *,
        key: bytes = b"k",
    ) -> None:
        producer = Producer({"bootstrap.servers": self.settings.kafka_bootstrap})
        producer.produce(topic, key=key, value=value, partition=0, headers=list(headers))
        assert producer.flush(ANSWER_SECONDS) == 0
