"""From the outcome of a record to the messages that go out."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import orjson

from schemas.cloudevents import STRUCTURED
from schemas.dead_letters import DeadLetter, original_headers
from schemas.faults import Refusal
from schemas.reading.origin import origin_of, shown_source
from services.domain.events import Event
from services.domain.ids import contact_key_named
from services.domain.outcome import Executed, InstructionAnswer, Outcome, Refused
from services.domain.streams import Stream
from services.domain.wissing import GewistItem, item_value
from services.runtime.exactly_once.letters import LetterAbout, LetterWriter
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.letters.sealing import Sealer
from services.runtime.settings import Settings

CONTENT_TYPE: Final = (("content-type", STRUCTURED.encode()),)

MAX_MESSAGE_BYTES: Final = 1_000_000
"""A topic takes a batch of 1,048,588 bytes by Kafka's default, and the contract keeps outputs far below. The broker
would refuse a larger one, and block its partition for ever; a failure here makes it a dead letter."""


class Encoder:
    """Makes messages of events and dead letters, each for the topic that the settings name. It seals the letters."""

    def __init__(self, settings: Settings, sealer: Sealer) -> None:
        self._topics = {
            Stream.REGISTERED: settings.registered_topic,
            Stream.CONFIDENTIAL: settings.confidential_topic,
            Stream.TAAK: settings.taak_topic,
            Stream.CONFIDENTIAL_TAAK: settings.confidential_taak_topic,
        }
        self._dead_letter_topic = settings.dead_letter_topic
        self._consent_topics = frozenset(settings.consent_topics)
        self._letters = LetterWriter(sealer)
        self._erased_topic = settings.erased_topic
        self.source = settings.source
        """Of every event."""

    def messages(self, record: Record, outcome: Outcome | InstructionAnswer, now: datetime) -> Sequence[Message]:
        """Return what goes out for a record: its events, one dead letter, or nothing."""
        if isinstance(outcome, Refused):
            return [self._dead_letter(record, outcome.refusal, now)]
        messages = [self._message(event) for event in outcome.events(self.source)]
        return [*messages, self._item(outcome.item)] if isinstance(outcome, Executed) else messages

    def _message(self, event: Event) -> Message:
        value = orjson.dumps(event.body, option=orjson.OPT_UTC_Z)
        assert len(value) <= MAX_MESSAGE_BYTES, "the contract bounds what a contact can cause"
        return Message(self._topics[event.stream], event.key.encode(), value, CONTENT_TYPE)

    def _item(self, item: GewistItem) -> Message:
        value = orjson.dumps(item_value(item), option=orjson.OPT_UTC_Z)
        return Message(self._erased_topic, item.key.encode(), value, ())

    def _dead_letter(self, record: Record, refusal: Refusal, now: datetime) -> Message:
        about = _about_change if record.topic in self._consent_topics else _about_contact
        return self._letters.letter(self._dead_letter_topic, record, refusal.kind, refusal.faults, now, about)


def _about_contact(letter: DeadLetter, *, change: bool = False) -> LetterAbout:
    # Read from the letter, not from the record: a letter is cut to a bound, and a record may be larger.
    origin = origin_of(letter.value, original_headers(letter.headers))
    return LetterAbout(contact_key_named(*origin, change=change), shown_source(origin.source))


_about_change = partial(_about_contact, change=True)
