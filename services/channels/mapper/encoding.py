"""Encodes the outcomes of a raw message: an event for each mapped contact, and one dead letter for all refused ones."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final

from schemas.cloudevents import STRUCTURED, traceparent_in
from schemas.dead_letters import DeadLetter
from schemas.faults import Fault, FaultKind, RefusalKind
from schemas.mapping_faults import MappingFault
from schemas.raw_messages import (
    CONTENT_TYPE,
    MAPPING,
    MAX_MESSAGE_BYTES,
    MESSAGE,
    TRACEPARENT,
    dead_letter_topic_of,
)
from services.channels.loading import MappedChannel
from services.channels.mapper.event_keys import EventKeys
from services.channels.mapping.outcome import ChannelFault, ChannelOutcome, MappedContact, RefusedContact
from services.domain.ids import contact_key_named
from services.runtime.exactly_once.letters import LetterAbout, LetterWriter
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.letters.sealing import Sealer

_STRUCTURED: Final = (CONTENT_TYPE, STRUCTURED.encode())


class EventEncoder:
    """Makes the messages of events, and the sealed dead letters of messages with a refused contact."""

    def __init__(self, sealer: Sealer, keys: EventKeys) -> None:
        self._keys = keys
        self._letters = LetterWriter(sealer, most_value_bytes=MAX_MESSAGE_BYTES)

    def messages(
        self, record: Record, channel: MappedChannel, outcomes: Sequence[ChannelOutcome], now: datetime
    ) -> list[Message]:
        """Return the events of a raw record, and one letter when any of its contacts was refused.

        The letter holds the whole message. When an operator sends it back, the mapper makes the same events again. The
        classifier skips them as repeats.
        """
        events = [event_of(record, channel, each, self._keys) for each in outcomes if isinstance(each, MappedContact)]
        refused = [each for each in outcomes if isinstance(each, RefusedContact)]
        return [*events, self._refusal(record, channel, refused, now)] if refused else events

    def own_failure(self, record: Record, channel: MappedChannel, now: datetime) -> Message:
        """Return the letter of a record on which our own code fails."""
        return self._letter(
            record, channel, RefusalKind.INTERNE_FOUT, (), LetterAbout(source=channel.mapping.bron), now
        )

    def _refusal(
        self, record: Record, channel: MappedChannel, refused: Sequence[RefusedContact], now: datetime
    ) -> Message:
        """Return the letter of a message. Its kind is that of the first contact that was refused."""
        kind = refused[0].kind
        faults = chain.from_iterable(each.faults for each in refused if each.kind is kind)
        contact_id = refused[0].contact_id if len(refused) == 1 else None
        source = channel.mapping.bron
        about = LetterAbout(contact_key_named(source, contact_id), source)
        return self._letter(record, channel, RefusalKind(kind.value), list(_told(faults)), about, now)

    def _letter(
        self,
        record: Record,
        channel: MappedChannel,
        kind: RefusalKind,
        faults: Sequence[Fault | MappingFault],
        about: LetterAbout,
        now: datetime,
    ) -> Message:
        topic = dead_letter_topic_of(record.topic)
        return self._letters.letter(
            topic, record, kind, faults, now, partial(_known, about), mapping=channel.mapping.label
        )


def event_of(record: Record, channel: MappedChannel, contact: MappedContact, keys: EventKeys) -> Message:
    """Return the event of a contact in a raw record, as it goes out."""
    place = f"{record.topic}:{record.partition}:{record.offset}"
    headers = [_STRUCTURED, (MAPPING, channel.mapping.label.encode()), (MESSAGE, place.encode())]
    if record.headers and (traceparent := traceparent_in(record.headers)) is not None:
        headers.append((TRACEPARENT, traceparent.encode()))
    # Without a klant the revisies of one contact still keep their order.
    key = keys.of(contact.key or f"{channel.mapping.bron} {contact.contact_id}")
    return Message(channel.contact_topic, key, contact.value, headers)


def _known(about: LetterAbout, _: DeadLetter) -> LetterAbout:
    return about


def _told(faults: Iterator[ChannelFault]) -> Iterator[Fault | MappingFault]:
    for each in faults:
        if isinstance(each.kind, FaultKind):
            yield Fault(each.pad or "", each.kind)
        else:
            yield MappingFault(each.place, each.kind)
