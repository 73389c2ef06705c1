"""Sending a file of events, one a line, as a publisher would: to the topic of that publisher.

Nothing is judged here: a line is sent as it stands, and the classifier finds what is wrong with it.
"""

import asyncio
import hashlib
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, RecordListTooLargeError

from schemas.cloudevents import DATA_BASE64, STRUCTURED, data_in
from schemas.faults import HINTS, FaultKind
from services.operations.kafka import STALL_SECONDS, TOO_LARGE, started_producer
from services.operations.lines import arriving, event_on
from services.runtime.errors import TransientFailure, WrongUse
from services.runtime.kafka.clients import require_topics
from services.runtime.kafka.errors import REFUSED_USER, translate_write_errors
from services.runtime.observe.health import Part
from services.runtime.settings import Settings

MAX_IN_FLIGHT = 1_000
"""Lines in flight: some MB of usual events, and enough to keep a broker busy."""

MAX_REFUSALS = 1_000
"""Refusals that are listed one by one; more of them say nothing new."""

ASK = "Ask who manages Kafka which records this topic takes; the name in brackets is Kafka's own."
"""What to do about a refusal that depends on how the topic is set up."""

HEADERS = [("content-type", STRUCTURED.encode())]


@dataclass(frozen=True, slots=True)
class BrokerRefusal:
    """A line that the broker did not take: why, and what to do about it. Holds nothing of the line."""

    line_number: int
    reason: str
    hint: str


@dataclass(slots=True)
class Publication:
    """How far a file has come. Lines count from 1; empty ones count and are skipped."""

    sent: int = 0
    refused: int = 0
    refusals: list[BrokerRefusal] = field(default_factory=list)
    """The first 1,000 of them."""

    def refuse(self, line_number: int, error: KafkaError) -> None:
        """Note a line that the broker did not take."""
        self.refused += 1
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(_refusal(line_number, error))


async def publish(
    settings: Settings,
    lines: Iterable[bytes],
    *,
    topic: str | None = None,
    progress: Callable[[Publication], None] = lambda _: None,
) -> Publication:
    """Send every line to a topic, in order, and return what the broker took. `progress` is called often.

    Raises UnclearTopic, InvalidSettings when the topic does not exist or this user may not write to it, and
    TransientFailure when Kafka does not answer or stops doing so; sending the file again is safe, since a repeated
    contact changes nothing.
    """
    topic = topic_meant(topic, settings)
    await require_topics(settings, topic)
    publication = Publication()
    with translate_write_errors(settings, topic):
        async with started_producer(settings, topic) as producer:
            waiting: deque[tuple[int, Future[Any]]] = deque()
            line_number = 0
            async for line in arriving(lines):
                line_number += 1
                if not line.strip():
                    continue
                while waiting and (waiting[0][1].done() or len(waiting) == MAX_IN_FLIGHT):
                    await _settle(*waiting.popleft(), publication)
                    progress(publication)
                sending = await _send(producer, topic, line, line_number, publication)
                if sending is not None:
                    waiting.append((line_number, sending))
            while waiting:
                await _settle(*waiting.popleft(), publication)
                progress(publication)
    return publication


class UnclearTopic(WrongUse):
    """The topic to send to was not named where there are several, or is none of those that the classifier reads."""


def topic_meant(topic: str | None, settings: Settings) -> str:
    """Return the topic to send to: that of contacts where none is named. Raises UnclearTopic."""
    topics = settings.contact_topics
    if topic is None and len(topics) > 1:
        raise UnclearTopic(f"There is a topic for each publisher. Name yours: {', '.join(settings.input_topics)}.")
    if topic is not None and topic not in settings.input_topics:
        raise UnclearTopic(f"The classifier does not read that topic. It reads {', '.join(settings.input_topics)}.")
    return topic or topics[0]


def key_of(line: bytes) -> bytes | None:
    """Return the Kafka key of an event: a hash of its own `partitionkey`, or else of the contact.

    A key shows in many places, so not even a pseudonym stands there as it is. With the hash of the contact all its
    revisions stay in order. A publisher that knows its klanten does better with a pseudonym of the klant as
    `partitionkey`: then the contacts of one klant are judged in order too.
    None for a line that can't be read.
    """
    try:
        event = orjson.loads(line)
        if isinstance(event.get("partitionkey"), str) and event["partitionkey"]:
            return _hashed(event["partitionkey"].encode())
        data = event["data"] if event.get("data") is not None else orjson.loads(data_in(event[DATA_BASE64]) or b"")
        named = "contactId" if "contactId" in data else "wijzigingId"
        contact = orjson.dumps([event["source"], data[named]])
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, UnicodeEncodeError):
        return None
    return _hashed(contact)


def _hashed(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


async def _send(
    producer: AIOKafkaProducer, topic: str, line: bytes, line_number: int, publication: Publication
) -> Future[Any] | None:
    """Hand one line to the producer, and return its acknowledgement; None when it is refused at once."""
    try:
        async with asyncio.timeout(STALL_SECONDS):
            sending: Future[Any] = await producer.send(topic, event_on(line), key=key_of(line), headers=HEADERS)
    except TimeoutError as error:
        raise _stopped(line_number, publication) from error
    except KafkaError as error:
        _refused_or_away(line_number, error, publication)
        return None
    return sending


async def _settle(line_number: int, sending: Future[Any], publication: Publication) -> None:
    await asyncio.wait([sending], timeout=STALL_SECONDS)
    if not sending.done():
        raise _stopped(line_number, publication)
    try:
        sending.result()
    except KafkaError as error:
        _refused_or_away(line_number, error, publication)
    else:
        publication.sent += 1


def _refused_or_away(line_number: int, error: KafkaError, publication: Publication) -> None:
    if isinstance(error, REFUSED_USER):
        raise error  # as it would be with every other line
    if error.retriable or isinstance(error, KafkaTimeoutError):
        raise _stopped(line_number, publication) from error
    publication.refuse(line_number, error)


def _refusal(line_number: int, error: KafkaError) -> BrokerRefusal:
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        return BrokerRefusal(line_number, TOO_LARGE, HINTS[FaultKind.TE_GROOT])
    return BrokerRefusal(line_number, f"not taken ({type(error).__name__})", ASK)


def _stopped(line_number: int, publication: Publication) -> TransientFailure:
    return TransientFailure(
        f"Kafka stopped answering at line {line_number}; {publication.sent} lines were taken. Send the file again when "
        "it is back: repeats change nothing.",
        part=Part.KAFKA,
    )
