"""What the dead letters hold of a subject: in their topic, and in the records of what operators did with them."""

from collections.abc import AsyncIterator
from typing import Final

from schemas.positions import Position
from services.operations.dead_letters.letters import Letter, Withheld
from services.operations.dead_letters.reading import dead_letters
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.states import COLLECTION, SLACK, UNTOUCHED
from services.operations.places.events import is_about, read_event
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
    topic = search.settings.dead_letter_topic
    term = (await topic_terms(search.settings, [topic]))[topic]
    in_topic, recorded = Tally(), Tally()
    record_days = search.settings.dead_letter_retention_days + SLACK.days
    async with dead_letters(search.settings) as read:
        async for batch in read.selected(LetterSelection(states=frozenset(LetterState)), search.progress):
            for found in batch:
                letter = found.letter
                require_opened(letter)
                event = read_event(letter.content.value, letter.content.headers)
                in_topic.unreadable += not event.data
                if not (is_about(event, search.traces) or _lay_there(letter, search.traces)):
                    continue
                place = place_of(Position(topic, letter.id.partition, letter.id.offset))
                until = term.until(letter.written_at)
                in_topic.add(place, contents=letter.content.value is not None, until=until)
                if found.history != UNTOUCHED:
                    recorded.add(str(letter.id), contents=False, until=days_after(letter.written_at, record_days))
                search.visit(
                    FoundItem(
                        place=topic,
                        kind=PlaceKind.TOPIC,
                        id=place,
                        content={**event.data, "kind": letter.kind, "paths": list(letter.paths)},
                        written_at=letter.written_at,
                        until=until,
                        contact_key=search.traces.key_of(event.origin) or letter.contact_key,
                        confidential=event.is_confidential,
                    )
                )
    yield in_topic.place(topic, PlaceKind.TOPIC, term.term, days=term.days, settings=SETTINGS)
    yield recorded.place(COLLECTION, PlaceKind.REGISTER, StayTerm.EXPIRY, days=record_days, settings=SETTINGS)


def _lay_there(letter: Letter, traces: Traces) -> bool:
    """Whether a letter is of a contact of the subject, or its record lay where one of the subject's did, or was in a
    batch that held one.
    """
    if letter.contact_key in traces.contacts:
        return True
    first = letter.origin
    if first is None or letter.last_offset is None:
        return first in traces.positions
    return any(
        (each.topic, each.partition) == (first.topic, first.partition)
        and first.offset <= each.offset <= letter.last_offset
        for each in traces.positions
    )
