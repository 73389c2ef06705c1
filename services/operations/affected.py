"""Which klanten and contacts lay in a topic in a period: for a data breach (AVG art. 33, 34).

The command recognises a klant by the numbers in events and messages, which the register holds as hashes. So it also
counts a contact in which nobody established who the klant was.
"""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson

from schemas.identities import Identity
from schemas.reading.origin import Origin, origin_in
from services.channels.loading import MappedChannel, mapped_channels
from services.channels.mapping.outcome import SkippedContact
from services.channels.outcomes import outcomes_of
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import PARTIJREGISTER
from services.domain.ids import contact_key_named
from services.domain.sleutels import Sleutels
from services.operations.audit.trail import Action, record
from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.reading import dead_letters
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.topics import letter_topics
from services.operations.mongo import Database, read_register
from services.operations.places.events import as_object, objects_in, read_event
from services.operations.places.letters import require_opened
from services.operations.places.message_text import message_text
from services.operations.places.numbers import candidates
from services.operations.topic_reader import Progress, topic_reader, unseen
from services.runtime.channel_topics import NOT_SEARCHED
from services.runtime.errors import InvalidSettings
from services.runtime.kafka.records import Record, as_record
from services.runtime.logboek.logboek import Activity, record_for_command
from services.runtime.settings import Settings

AT_ONCE: Final = 1_000
"""Hashes that are looked up at once."""

Looked = tuple[Sequence[Origin], set[str], set[str]]
"""What one record names: contacts, hashes of numbers, ids of partijen."""


@dataclass(slots=True)
class Affected:
    """What lay there."""

    topic: str
    since: datetime
    until: datetime
    records: int = 0
    unreadable: int = 0
    """Records that name no contact: nothing tells whom they are about."""
    contacts: set[tuple[str, str]] = field(default_factory=set)
    """Source and contactId."""
    keys: set[str] = field(default_factory=set)
    """The keys of the decision records of contacts whose dead letter can't be opened any more."""
    partijen: dict[str, str] = field(default_factory=dict)
    """The partijId and the number of each klant that the register knows."""


async def affected(
    settings: Settings,
    topic: str,
    *,
    since: datetime,
    until: datetime,
    request: str,
    reason: str,
    progress: Progress = unseen,
) -> Affected:
    """Return the klanten and contacts of a topic in a period, once the audit trail and the Logboek have it. Commits no
    offset.

    Raises InvalidSettings for a topic that the settings do not name, and as `topic_reader` and `read_register` do.
    """
    searched = (*settings.topics, *settings.raw_topics, *settings.raw_dead_letter_topics)
    if topic not in searched:
        unknown = "" if settings.kanalen_file is not None else f" {NOT_SEARCHED}"
        raise InvalidSettings(f"The settings name no topic {topic}. They name: {', '.join(searched)}.{unknown}")
    found, started_ns = Affected(topic, since, until), time.time_ns()
    async with read_register(settings) as database:
        sleutels = configured_sleutels(settings)
        await RegisterKey(database, sleutels).check()
        waiting: set[str] = set()
        async for origins, hashes, partij_ids in _looked_at(settings, found, sleutels, progress):
            found.records += 1
            _note(found, origins)
            waiting |= hashes
            waiting |= {f"_id:{each}" for each in partij_ids if each not in found.partijen}
            if len(waiting) >= AT_ONCE:
                await _look_up(database, waiting, found)
                waiting.clear()
        await _look_up(database, waiting, found)
    counts = {"records": found.records, "contacts": len(found.contacts), "partijen": len(found.partijen)}
    ids = sorted(found.partijen)
    await record(settings, Action(command="affected", request=request, reason=reason, counts=counts, ids=ids))
    await record_for_command("affected", settings, Activity.DATALEK, ids, started_ns=started_ns)
    return found


def _note(found: Affected, origins: Sequence[Origin]) -> None:
    named = [
        (source, each.contact_id)
        for each in origins
        if each.contact_id is not None and contact_key_named(source := each.source or "", each.contact_id) is not None
    ]
    found.contacts.update(named)
    found.unreadable += not named


async def _looked_at(
    settings: Settings, found: Affected, sleutels: Sleutels, progress: Progress
) -> AsyncIterator[Looked]:
    channel = _channel_of(settings, found.topic)
    if found.topic not in letter_topics(settings):
        async with topic_reader(settings) as reader:
            whole = await reader.whole(found.topic)
            part = await reader.between(whole, since=found.since, until=found.until)
            async for fetched in reader.records(part, progress):
                for lying in map(as_record, fetched):
                    if channel is not None:
                        yield _of_platform(lying, channel, sleutels)
                    elif found.topic in settings.input_topics:
                        yield _of_publisher(lying, sleutels)
                    else:
                        yield _of_classifier(lying.value)
        return
    chosen = LetterSelection(states=frozenset(LetterState), since=found.since, until=found.until, within=found.topic)
    async with dead_letters(settings, found.topic) as letters:
        async for batch in letters.selected(chosen, progress):
            for each in batch:
                require_opened(each.letter)
                if each.letter.withheld and each.letter.contact_key:
                    found.keys.add(each.letter.contact_key)
                lay = _record_in(each.letter, found.topic)
                yield _of_publisher(lay, sleutels) if channel is None else _of_platform(lay, channel, sleutels)


def _channel_of(settings: Settings, topic: str) -> MappedChannel | None:
    """Return the channel whose messages or dead letters a topic holds."""
    raw = {topic: topic for topic in settings.raw_topics}
    raw |= dict(zip(settings.raw_dead_letter_topics, settings.raw_topics, strict=True))
    return mapped_channels(settings)[raw[topic]] if topic in raw else None


def _record_in(letter: Letter, topic: str) -> Record:
    """Return the record that became a letter, as far as it is known."""
    content = letter.content
    return Record(topic, *letter.id, letter.written_at, content.key, content.value, content.headers)


def _of_platform(record: Record, channel: MappedChannel, sleutels: Sleutels) -> Looked:
    """Return the contacts that a message is about by today's mapping, also where the contract refuses one."""
    message = message_text(record.value or b"")
    named = [each for each in outcomes_of(record, channel.mapping) if not isinstance(each, SkippedContact)]
    origins = [Origin(channel.mapping.bron, each.contact_id) for each in named]
    return origins, _hashes(candidates(message.text, message.values), sleutels), set()


def _of_publisher(record: Record, sleutels: Sleutels) -> Looked:
    event = read_event(record.value, record.headers)
    return [event.origin], _hashes(candidates(event.text), sleutels), set()


def _hashes(found: Iterable[tuple[str, str]], sleutels: Sleutels) -> set[str]:
    return {sleutel for soort, waarde in found for sleutel in sleutels.forms_of(Identity(soort, waarde, -1))}


def _of_classifier(value: bytes | None) -> Looked:
    try:
        data = as_object(as_object(orjson.loads(value or b"")).get("data"))
    except orjson.JSONDecodeError:
        data = {}
    named = [data, *objects_in(data, "partijen")]
    ids = {each["partijId"] for each in named if isinstance(each.get("partijId"), str)}
    return [origin_in(data.get("herkomst"))], set(), ids


async def _look_up(database: Database, hashes: Iterable[str], found: Affected) -> None:
    """Note the partijen that these hashes or ids lead to."""
    asked = sorted(hashes)
    ids = [each.removeprefix("_id:") for each in asked if each.startswith("_id:")]
    links = [each for each in asked if not each.startswith("_id:")]
    query = {"$or": [{"sleutels": {"$in": links}}, {"gereserveerd": {"$in": links}}, {"_id": {"$in": ids}}]}
    async for each in database[PARTIJREGISTER].find(query, {"nummer": 1}):
        found.partijen[each["_id"]] = each["nummer"]
