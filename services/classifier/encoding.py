"""From what was decided about a record to the messages that go out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

import orjson

from schemas.cloudevents import STRUCTURED
from schemas.dead_letters import dead_letter
from schemas.faults import Refusal, RefusalKind
from schemas.positions import Position
from schemas.values import value_class
from services.classifier.ports import Message
from services.domain.besluit import Stream
from services.domain.events import Event, events_of
from services.domain.judgement import Judged, Judgement, Overtaken, Refused, Rejudged, Repeated, Unchanged
from services.runtime.kafka.records import Record
from services.runtime.settings import Settings

CONTENT_TYPE: Final = (("content-type", STRUCTURED.encode()),)

MAX_MESSAGE_BYTES: Final = 1_000_000
"""What a topic takes at Kafka's default of 1,048,588 bytes a batch. The contract keeps outputs far below; if one were
above, the broker's refusal would hold its partition up for ever, and a failure here makes it a dead letter."""


@value_class(frozen=True, slots=True)
class OwnFailure:
    """A record on which our own code failed."""

    error: Exception


Outcome = Judgement | Refusal | OwnFailure
"""What became of a record."""


class Encoder:
    """Knows under which names things go out."""

    def __init__(self, settings: Settings) -> None:
        self._topics = {
            Stream.REGISTERED: settings.registered_topic,
            Stream.CONFIDENTIAL: settings.confidential_topic,
            Stream.TAAK: settings.taak_topic,
        }
        self._dead_letter_topic = settings.dead_letter_topic
        self._source = settings.source

    def messages(self, record: Record, outcome: Outcome, now: datetime) -> Sequence[Message]:
        """Give what goes out for a record: its events, one dead letter, or nothing."""
        match outcome:
            case Judged(received, besluit) | Repeated(received, besluit):
                return [self._message(event) for event in events_of(received, besluit, self._source)]
            case Rejudged(received, besluit):
                return [self._message(event) for event in events_of(received, besluit, self._source, only_new=True)]
            case Overtaken() | Unchanged():
                return []
            case Refused(_, refusal):
                return [self._dead_letter(record, refusal, now)]
            case Refusal():
                return [self._dead_letter(record, outcome, now)]
            case OwnFailure():
                return [self._dead_letter(record, Refusal(RefusalKind.INTERNE_FOUT, ()), now)]
            case _:
                assert_never(outcome)

    def _message(self, event: Event) -> Message:
        value = orjson.dumps(event.body, option=orjson.OPT_UTC_Z)
        assert len(value) <= MAX_MESSAGE_BYTES, "the contract bounds what a contact can cause"
        return Message(self._topics[event.stream], event.key.encode(), value, CONTENT_TYPE)

    def _dead_letter(self, record: Record, refusal: Refusal, now: datetime) -> Message:
        made = dead_letter(
            key=record.key,
            value=record.value,
            headers=record.headers,
            position=Position(record.topic, record.partition, record.offset),
            kind=refusal.kind,
            faults=refusal.faults,
            time=now,
        )
        return Message(self._dead_letter_topic, made.key, made.value, made.headers)
