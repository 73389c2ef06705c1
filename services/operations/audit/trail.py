"""Writing to the audit trail, before a command shows contents or changes something: no trail, no content.

One action may stand there twice, when Kafka did not tell whether it had the record. It never stands there not at all.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Protocol

from aiokafka.errors import KafkaError, ProducerFenced

from services.operations.audit.chain import Action, Entry, Link, Purpose, entries
from services.operations.audit.head import COLLECTION, AuditHead
from services.operations.audit.topic import audit_writer
from services.operations.audit.who import who_acts
from services.operations.mongo import Database
from services.runtime.errors import InvalidSettings
from services.runtime.kafka.errors import REFUSED_USER, kafka_is_away, translate_kafka_errors
from services.runtime.mongo.client import connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings
from services.runtime.waiting import pauses

__all__ = ["Action", "Note", "Purpose", "noting", "record", "unnoted"]

APPEND_SECONDS: Final = 10.0
"""Patience with one try, which takes a tenth of a second."""

TRIES_SECONDS: Final = 30.0
"""How long to try. A broker that restarts is back in half of that."""

RETRIED: Final = (KafkaError, OSError, TimeoutError, AssertionError)
"""The errors while Kafka is away. aiokafka asserts the state of a transaction, which is wrong after a failure."""


async def record(settings: Settings, action: Action) -> None:
    """Append an action to the trail. It returns once Kafka has the record, and MongoDB knows of it.

    Raises InvalidSettings when the topic or a right is missing, TransientFailure while Kafka or MongoDB is away. Then
    the command must show and change nothing.
    """
    with _explained(settings):
        async with await connect(settings) as client:
            with translate_mongo_errors(settings, right=f"read and write the collection {COLLECTION} of"):
                await _record(settings, client[settings.register_database], action)


class Note(Protocol):
    """Records what a command is about to show or change, and returns once that stands in the audit trail."""

    async def __call__(self, counts: Mapping[str, int], ids: Sequence[str] = (), /) -> None:
        """Record counts and ids. Raises as `record` does."""


async def unnoted(_counts: Mapping[str, int], _ids: Sequence[str] = (), /) -> None:
    """Record nothing: for code that no operator runs. Every command gives `noting` instead."""


def noting(settings: Settings, command: str, purpose: Purpose) -> Note:
    """Return what records the steps of a command."""

    async def note(counts: Mapping[str, int], ids: Sequence[str] = (), /) -> None:
        by = {"request": purpose.request, "reason": purpose.reason, "by": purpose.by}
        await record(settings, Action(command=command, counts=counts, ids=ids, **by))

    return note


async def _record(settings: Settings, database: Database, action: Action) -> None:
    who = await who_acts(settings, database)
    head = AuditHead(database, settings.audit_topic)
    ends_at = time.monotonic() + TRIES_SECONDS
    for pause_seconds in pauses():
        async with head.turn() as turn:
            try:
                async with asyncio.timeout(APPEND_SECONDS), audit_writer(settings) as writer:
                    made = entries(action, who, _last(await writer.newest(), turn.noted), datetime.now(UTC))
                    await writer.append(made)
            except ProducerFenced:
                continue  # another had its turn: this one had lapsed
            except RETRIED as error:
                if isinstance(error, REFUSED_USER):
                    with translate_kafka_errors(settings, right=f"write to {settings.audit_topic}"):
                        raise
                if time.monotonic() > ends_at:
                    raise kafka_is_away(settings) from error
            else:
                await turn.note(made[-1].link)
                return
        await asyncio.sleep(pause_seconds)
    raise AssertionError("pauses have no end")


def _last(newest: Entry | None, noted: Link | None) -> Link | None:
    """Return the record to follow: the newest in the topic, or the one that MongoDB knows where that one is missing.

    So a trail whose end was cut off, or whose last record was changed, shows so for good.
    """
    in_topic = newest.link if newest else None
    if noted is None or (in_topic is not None and in_topic.sequence > noted.sequence):
        return in_topic
    return noted


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Say that it is the audit trail that lacks a right or its topic, and what it needs."""
    try:
        yield
    except InvalidSettings as error:
        raise InvalidSettings(f"{error} {_stops(settings)}") from error


def _stops(settings: Settings) -> str:
    topic = settings.audit_topic
    return (
        "Without a record in the audit trail this command shows and changes nothing. It needs the topic "
        f"{topic} (`klantcontact topics create`), Read and Write on it, Write on the transactional id {topic}, and the "
        f"right to read and write the collection {COLLECTION}: docs/privacy/audit.md."
    )
