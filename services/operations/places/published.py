"""What the topics hold of a subject: of channels, of publishers, of the classifier, and others of ours."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from aiokafka import ConsumerRecord

from schemas.positions import Position
from services.classifier.instructions import WISSING
from services.operations.mapped_from import mapped_from
from services.operations.places.events import PublishersEvent, as_object, is_about, message_is_about, read_event
from services.operations.places.message_text import BERICHT
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm, Tally
from services.operations.places.searching import PlaceSearch
from services.operations.places.topic_terms import TopicTerm, topic_terms
from services.operations.places.traces import Traces, key_in, names_one_of
from services.operations.topic_reader import Records
from services.runtime.channel_topics import CHANNELS_VARIABLE
from services.runtime.errors import InvalidSettings
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.errors import translate_kafka_errors
from services.runtime.kafka.records import moment, oversized_batch
from services.runtime.settings import Settings

CHANNELS: Final = "topics of channels"
"""The name of the place that stands for all of them."""

CONTACT_RETENTION: Final = ("KLANTCONTACT_CONTACT_RETENTION_DAYS",)

_WITH_CONTENTS: Final = (".registered", ".created")
"""How the types of events end that hold contents."""


async def messages(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Read all messages of channels that Kafka still holds, also those that the mapper has yet to handle.

    Without a channels file nobody knows where that lies, so the answer says that it was not searched.
    """
    if search.settings.kanalen_file is None:
        variable = (CHANNELS_VARIABLE,)
        yield PlaceFound(name=CHANNELS, kind=PlaceKind.TOPIC, found=None, term=StayTerm.UNKNOWN, settings=variable)
    terms = await topic_terms(search.settings, search.settings.raw_topics)
    for topic, term in terms.items():
        tally = Tally()
        async for batch in _to_the_end(search, topic):
            for record in batch:
                value = _value(record) or b""
                if message_is_about(value, search.traces):
                    search.traces.messages[Position(record.topic, record.partition, record.offset)] = None
                    until = term.until(moment(record.timestamp))
                    tally.add(_place(record), contents=True, until=until)
                    search.visit(
                        FoundItem(
                            place=topic,
                            kind=PlaceKind.TOPIC,
                            id=_place(record),
                            content={BERICHT: value.decode("utf-8", "replace")},
                            written_at=moment(record.timestamp),
                            until=until,
                            confidential=None,
                        )
                    )
        yield _answer(tally, topic, term, CONTACT_RETENTION)


async def publishers(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Read all that Kafka still holds of publishers, also what the classifier has yet to judge."""
    terms = await topic_terms(search.settings, search.settings.input_topics)
    for topic, term in terms.items():
        tally = Tally()
        async for batch in _to_the_end(search, topic):
            for record in batch:
                event = read_event(_value(record), record.headers)
                until = term.until(moment(record.timestamp))
                if _instructs(record):
                    if names_one_of(search.traces.ids | search.traces.contacts.keys(), event.text):
                        tally.add(_place(record), contents=False, until=until)
                    continue
                tally.unreadable += not event.data
                if is_about(event, search.traces, mapped_from(record.headers)):
                    tally.add(_place(record), contents=True, until=until)
                    _show(search, record, event.data, until, event)
        yield _answer(tally, topic, term, CONTACT_RETENTION)


async def _to_the_end(search: PlaceSearch, topic: str) -> AsyncIterator[Records]:
    """Read all that Kafka holds of a topic, also what lies behind an open transaction."""
    whole = await search.reader.whole(topic)
    waiting = await search.reader.open_transactions(whole)
    async for batch in search.reader.records_to_the_end(whole, waiting, search.progress):
        yield batch


def _instructs(record: "ConsumerRecord[bytes, bytes]") -> bool:
    """Whether a record is an operator's instruction to erase, which names ids."""
    return any(name == WISSING for name, _ in record.headers)


async def outputs(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Read all that the classifier published. Klantcontacten come first: they tell which taken are about the klant."""
    settings = search.settings
    names = (
        settings.registered_topic,
        settings.confidential_topic,
        settings.taak_topic,
        settings.confidential_taak_topic,
    )
    terms = await topic_terms(settings, names)
    for topic in names:
        found = _Newest(terms[topic])
        async for batch in search.reader.records(await search.reader.whole(topic), search.progress):
            for record in batch:
                event = _event_in(_value(record))
                found.unreadable += _is_of_another_form(record, event)
                if event_is_about(event, record, search.traces):
                    found.take(record, event)
                else:
                    found.look_at(record)
        for record, event, until in found.all():
            _show(search, record, as_object(event.get("data")), until)
        yield _answer(
            found.tally(),
            topic,
            terms[topic],
            ("KLANTCONTACT_OUTPUT_COMPACTION_HOURS", "KLANTCONTACT_OUTPUT_RETENTION_DAYS"),
        )


@dataclass(slots=True)
class _Newest:
    """The events of one topic that are about the subject, and when a newer one of the same key came."""

    term: TopicTerm
    taken: "list[tuple[ConsumerRecord[bytes, bytes], Mapping[str, Any]]]" = field(default_factory=list)
    newest: dict[tuple[int, bytes | None], tuple[int, datetime]] = field(default_factory=dict)
    """By partition and key: the offset and the moment of the newest record."""
    unreadable: int = 0

    def take(self, record: "ConsumerRecord[bytes, bytes]", event: Mapping[str, Any]) -> None:
        """Keep a record that is about the subject."""
        self.taken.append((record, event))
        self.newest[record.partition, record.key] = (record.offset, moment(record.timestamp))

    def look_at(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Note a record that replaces one that was taken."""
        if (record.partition, record.key) in self.newest:
            self.newest[record.partition, record.key] = (record.offset, moment(record.timestamp))

    def all(self) -> "list[tuple[ConsumerRecord[bytes, bytes], Mapping[str, Any], datetime | None]]":
        """Return what was taken, with the moment at which it is gone at the latest."""
        return [(record, event, self._until(record)) for record, event in self.taken]

    def _until(self, record: "ConsumerRecord[bytes, bytes]") -> datetime | None:
        offset, at = self.newest[record.partition, record.key]
        return self.term.until(moment(record.timestamp), replaced_at=at if offset > record.offset else None)

    def tally(self) -> Tally:
        """Return the count of it."""
        tally = Tally(unreadable=self.unreadable)
        for record, event, until in self.all():
            tally.add(_place(record), contents=str(event.get("type")).endswith(_WITH_CONTENTS), until=until)
        return tally


def event_is_about(event: Mapping[str, Any], record: "ConsumerRecord[bytes, bytes]", traces: Traces) -> bool:
    """Whether an event of the classifier is about the subject. The klantcontact that it is about is noted.

    A contact of somebody else may follow up one of the klant: it names that, and is not about the klant.
    """
    data = as_object(event.get("data"))
    text = b"\n".join((_value(record) or b"", record.key or b""))
    of_whole = key_in(data.get("herkomst")) in traces.whole
    if of_whole and "partijId" not in data:
        traces.things_of_whole.add(str(event.get("subject")))
    if (of_whole and "partijId" not in data) or (names_one_of(traces.partij_ids, text) and "klantcontact" in data):
        traces.things.add(str(event.get("subject")))
    own = text if not traces.is_klant else _own_ids(event, data)
    is_left = not str(event.get("type")).endswith(_WITH_CONTENTS) and names_one_of(traces.remains, text)
    return of_whole or names_one_of(traces.partij_ids, text) or names_one_of(traces.things, own) or is_left


def _own_ids(event: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
    """Return the ids of the thing that an event is about, and of the klantcontact behind a taak."""
    behind = as_object(as_object(data.get("interneTaak")).get("aanleidinggevendKlantcontact"))
    ids = (event.get("subject"), data.get("klantcontactId"), behind.get("klantcontactId"))
    return "\n".join(map(str, ids)).encode()


async def other_topics(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Read the topics of ours that hold ids only, as far as they exist."""
    names = await _existing(search.settings, ids_only_topics(search.settings))
    for topic in names:
        try:
            yield await _ids_in(search, topic)
        except InvalidSettings:  # who reads the audit trail is somebody else, by intent
            yield PlaceFound(name=topic, kind=PlaceKind.TOPIC, found=None, term=StayTerm.UNKNOWN)


async def _ids_in(search: PlaceSearch, topic: str) -> PlaceFound:
    term = (await topic_terms(search.settings, [topic]))[topic]
    tally, ids = Tally(), search.traces.ids | search.traces.contacts.keys()
    async for batch in search.reader.records(await search.reader.whole(topic), search.progress):
        for record in batch:
            if names_one_of(ids, b"\n".join((_value(record) or b"", record.key or b""))):
                tally.add(_place(record), contents=False, until=term.until(moment(record.timestamp)))
    return _answer(tally, topic, term, ())


def ids_only_topics(settings: Settings) -> tuple[str, ...]:
    """Return the topics of ours that hold ids, and no contents."""
    return (settings.erased_topic, settings.audit_topic)


async def _existing(settings: Settings, names: Sequence[str]) -> list[str]:
    async with admin_client(settings) as admin:
        with translate_kafka_errors(settings, right="list the topics"):
            there = set(await admin.list_topics())
    return [name for name in names if name in there]


def _answer(tally: Tally, topic: str, term: TopicTerm, settings: tuple[str, ...]) -> PlaceFound:
    return tally.place(topic, PlaceKind.TOPIC, term.term, days=term.days, settings=settings)


def _value(record: "ConsumerRecord[bytes, bytes]") -> bytes | None:
    return None if oversized_batch(record) is not None else record.value


def _event_in(value: bytes | None) -> Mapping[str, Any]:
    try:
        return as_object(orjson.loads(value or b""))
    except orjson.JSONDecodeError:
        return {}


def _is_of_another_form(record: "ConsumerRecord[bytes, bytes]", event: Mapping[str, Any]) -> bool:
    """Whether a record is none of the classifier's events, and no marker, which has no value."""
    return record.value is not None and not as_object(event.get("data"))


def place_of(position: Position) -> str:
    """Return a position in the form in which it is named among ids."""
    return f"{position.topic}/{position.partition}/{position.offset}"


def position_of(named: str) -> Position:
    """Return the position that `place_of` named."""
    topic, partition, offset = named.rsplit("/", 2)
    return Position(topic, int(partition), int(offset))


def _place(record: "ConsumerRecord[bytes, bytes]") -> str:
    return place_of(Position(record.topic, record.partition, record.offset))


def _show(
    search: PlaceSearch,
    record: "ConsumerRecord[bytes, bytes]",
    content: Mapping[str, Any],
    until: datetime | None,
    sent: PublishersEvent | None = None,
) -> None:
    search.visit(
        FoundItem(
            place=record.topic,
            kind=PlaceKind.TOPIC,
            id=_place(record),
            content=content,
            written_at=moment(record.timestamp),
            until=until,
            contact_key=key_in(content.get("herkomst")) if sent is None else search.traces.key_of(sent.origin),
            confidential=False if sent is None else sent.is_confidential,
        )
    )
