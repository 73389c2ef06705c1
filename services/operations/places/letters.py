"""What the dead letters hold of a subject: in their topic, and in the records of what operators did with them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from schemas.positions import Position
from services.operations.dead_letters.letters import Letter, Withheld
from services.operations.dead_letters.reading import dead_letters
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.states import COLLECTION, SLACK, UNTOUCHED
from services.operations.dead_letters.topics import letter_topics
from services.operations.mapped_from import mapped_from
from services.operations.places.events import is_about, message_is_about, read_event
from services.operations.places.message_text import BERICHT
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm, Tally, days_after
from services.operations.places.published import place_of
from services.operations.places.searching import PlaceSearch
from services.operations.places.topic_terms import topic_terms
from services.operations.places.traces import Traces
from services.runtime.errors import InvalidSettings

SETTINGS: Final = ("KLANTCONTACT_DEAD_LETTER_RETENTION_DAYS",)


_OURS: Final = frozenset({Withheld.NO_KEY, Withheld.OTHER_KEY})
"""Why a letter stays closed to this command, and would not to another."""


def require_opened(letter: Letter) -> None:
    """Raise InvalidSettings for a letter that only these settings can't open: it was not searched."""
    if letter.withheld in _OURS:
        raise InvalidSettings(f"The content of dead letter {letter.id} {letter.withheld.value}.")


async def letters(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Read all dead letters, in every state, and what is recorded of those that are about the subject."""
    recorded = Tally()
    record_days = search.settings.dead_letter_retention_days + SLACK.days
    for topic in letter_topics(search.settings):
        term = (await topic_terms(search.settings, [topic]))[topic]
        in_topic = Tally()
        chosen = LetterSelection(states=frozenset(LetterState), within=topic)
        async with dead_letters(search.settings, topic) as read:
            async for batch in read.selected(chosen, search.progress):
                for found in batch:
                    letter = found.letter
                    require_opened(letter)
                    about = _about(search, topic, letter)
                    in_topic.unreadable += about.is_unreadable
                    if not about.is_meant:
                        continue
                    until = term.until(letter.written_at)
                    in_topic.add(about.item.id, contents=letter.content.value is not None, until=until)
                    if found.history != UNTOUCHED:
                        recorded.add(about.item.id, contents=False, until=days_after(letter.written_at, record_days))
                    search.visit(replace(about.item, until=until))
        yield in_topic.place(topic, PlaceKind.TOPIC, term.term, days=term.days, settings=SETTINGS)
    yield recorded.place(COLLECTION, PlaceKind.REGISTER, StayTerm.EXPIRY, days=record_days, settings=SETTINGS)


@dataclass(frozen=True, slots=True)
class _About:
    """What a letter has to do with the subject."""

    is_meant: bool
    is_unreadable: bool
    item: FoundItem


def _about(search: PlaceSearch, topic: str, letter: Letter) -> _About:
    place = place_of(Position(topic, letter.id.partition, letter.id.offset))
    why: Mapping[str, Any] = {"kind": letter.kind, "paths": list(letter.paths)}
    if topic in search.settings.openklant_topics:
        named = (letter.content.key or b"").decode("utf-8", "replace").partition(":")[2]
        is_meant, is_unreadable = named in search.traces.ids | search.traces.remains, False
        key, is_confidential, content = None, False, why
    elif topic in search.settings.raw_dead_letter_topics:
        value = letter.content.value or b""
        is_meant = message_is_about(value, search.traces)
        key, is_confidential, content = letter.contact_key, None, {BERICHT: value.decode("utf-8", "replace"), **why}
        is_unreadable = not value
    else:
        event = read_event(letter.content.value, letter.content.headers)
        is_meant = is_about(event, search.traces, mapped_from(letter.content.headers))
        key, is_confidential = search.traces.key_of(event.origin) or letter.contact_key, event.is_confidential
        content, is_unreadable = {**event.data, **why}, not event.data
    item = FoundItem(
        place=topic,
        kind=PlaceKind.TOPIC,
        id=place,
        content=content,
        written_at=letter.written_at,
        contact_key=key,
        confidential=is_confidential,
    )
    return _About(is_meant or _lay_there(letter, search.traces), is_unreadable, item)


def _lay_there(letter: Letter, traces: Traces) -> bool:
    """Whether a letter is of a contact of the subject, or its record lay where one of the subject's did, or was in a
    batch that held one.
    """
    if letter.contact_key in traces.contacts:
        return True
    first, places = letter.origin, traces.positions | traces.messages.keys()
    if first is None or letter.last_offset is None:
        return first in places
    return any(
        (each.topic, each.partition) == (first.topic, first.partition)
        and first.offset <= each.offset <= letter.last_offset
        for each in places
    )
