"""A message that is mapped again: how its event differs, and what the classifier would decide."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import pytest

from schemas.faults import RefusalKind
from schemas.positions import Position
from schemas.reading.decoding import Received, decode
from services.channels.mapping.mapping import ChannelMapping
from services.channels.mapping.outcome import MappedContact
from services.channels.outcomes import outcomes_of
from services.domain.case import Case, prepare
from services.domain.numbers import Numbers
from services.domain.outcome import Decided
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.wissing import Gewist
from services.operations.map_again.comparing import Compared, MappedStanding, compared, made_before
from services.operations.map_again.judging import EventJudge, MappedAnew
from services.operations.mapped_events import MappedEvent
from services.operations.mapped_from import MappedFrom
from services.runtime.kafka.records import Record
from tests.support.mappings import MESSAGE, small
from tests.unit.domain.desk import SLEUTELS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RAISED = ('versie = "1"', 'versie = "2"\nherziening = 1')
OTHER_CHANNEL = ('bel = "telefoon"', 'bel = "chat"')
WITH_TAAK = (
    'anders = "Gesprek" } }]',
    (
        'anders = "Gesprek" }, opvolging = { soort = { vast = "interne_taak" }, gevraagdeHandeling = { vast = "Bel" }, '
        'toegewezenAan = { soortActor = { vast = "organisatorische_eenheid" }, naam = { vast = "KCC" } } } }]'
    ),
)


def message(offset: int = 7, **changed: object) -> Record:
    value = json.dumps({**MESSAGE, **changed}).encode()
    return Record("kanaal.klein", 0, offset, NOW, None, value, [])


def mapped_by(mapping: ChannelMapping, record: Record) -> list[MappedEvent]:
    """Return the events that the mapper made of a message."""
    place = Position(record.topic, record.partition, record.offset)
    return [
        MappedEvent(MappedFrom(mapping.label, place), Record("contact.ended", 0, at, NOW, b"k", each.value, []))
        for at, each in enumerate(outcomes_of(record, mapping))
        if isinstance(each, MappedContact)
    ]


class Town:
    """A register that has decided some events."""

    def __init__(self) -> None:
        self.register = Register(DEFAULT, Numbers(count(1), count(1), count(1)))

    def decide(self, events: Sequence[MappedEvent]) -> None:
        for each in events:
            received = decode(each.record.value or b"")
            assert isinstance(received, Received)
            assert isinstance(self.register.judge(prepare(received, SLEUTELS, DEFAULT), NOW), Decided)

    async def look_up(self, _batch: Sequence[Case]) -> Register:
        return self.register

    async def judged(self, *batch: Compared) -> Sequence[MappedAnew]:
        return await EventJudge(self.look_up, SLEUTELS, DEFAULT, "contact.ended").judged(batch)


async def mapped_again(before: ChannelMapping | None, now: ChannelMapping, record: Record) -> MappedAnew:
    """Return what comes of a message that was mapped and decided by one mapping, and is mapped by another."""
    town, events = Town(), mapped_by(before, record) if before is not None else []
    town.decide(events)
    [found] = await town.judged(*compared(record, outcomes_of(record, now), made_before(events)))
    return found


async def test_a_mapping_that_makes_the_same_event_changes_nothing() -> None:
    unchanged = await mapped_again(small(), small(), message())
    raised = await mapped_again(small(), small(RAISED), message())

    assert (unchanged.standing, unchanged.compared.fields) == (MappedStanding.SAME, ())
    assert (raised.standing, raised.is_to_send) == (MappedStanding.SAME, False)


async def test_other_contents_are_named_by_field_and_judged() -> None:
    found = await mapped_again(small(), small(RAISED, OTHER_CHANNEL, WITH_TAAK), message())

    assert (found.standing, found.is_to_send) == (MappedStanding.CHANGES, True)
    assert found.compared.fields == ("data.kanaal", "data.onderwerpen.opvolging")
    assert found.compared.before is not None
    assert (found.compared.before.mapping, found.compared.before.revisie) == ("klein/1", 100)
    assert found.compared.event is not None
    assert found.compared.event.revisie == 101
    [onderwerp] = found.onderwerpen
    assert onderwerp.was is not None
    assert onderwerp.wordt is not None
    assert (onderwerp.was.regel, onderwerp.wordt.regel, onderwerp.wordt.interne_taak) == ("V1", "V2", True)


async def test_without_a_raised_herziening_the_classifier_would_refuse_it() -> None:
    found = await mapped_again(small(), small(OTHER_CHANNEL), message())

    assert (found.standing, found.refusal) == (MappedStanding.CONFLICT, RefusalKind.REVISIE_CONFLICT)
    assert not found.is_to_send


async def test_what_was_skipped_or_refused_becomes_an_event() -> None:
    found = await mapped_again(None, small(), message())

    assert (found.standing, found.compared.contact_id, found.compared.before) == (MappedStanding.NEW, "g-1", None)
    assert [(each.was, each.wordt is not None) for each in found.onderwerpen] == [(None, True)]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (('nog_bezig = "tijd == null"', "proef = \"kanaal == 'bel'\""), "skipped: proef"),
        (('bsn = "klant.bsn"', 'bsn = "id"'), "refused: contact_ongeldig at "),
        (('contactId = "id"', "contactId = \"join('-', [id, kanaal])\""), "the mapping finds another contactId"),
    ],
)
async def test_what_is_no_longer_an_event_says_why(changed: tuple[str, str], why: str) -> None:
    record, events = message(), mapped_by(small(), message())

    found = list(compared(record, outcomes_of(record, small(RAISED, changed)), made_before(events)))

    last = found[-1]
    assert (last.standing, last.contact_id) == (MappedStanding.NO_LONGER, "g-1")
    assert (last.reason or "").startswith(why)
    assert [each.standing for each in found[:-1]] == [MappedStanding.NEW] * (len(found) - 1)


async def test_what_never_was_an_event_says_why() -> None:
    found = await mapped_again(small(), small(RAISED), message(tijd=None))

    assert (found.standing, found.compared.contact_id) == (MappedStanding.NO_EVENT, None)
    assert found.compared.reason == "skipped: nog_bezig"


async def test_an_event_that_kafka_no_longer_holds_and_that_was_decided_is_the_same() -> None:
    town, record = Town(), message()
    town.decide(mapped_by(small(), record))

    [found] = await town.judged(*compared(record, outcomes_of(record, small()), {}))

    assert found.standing is MappedStanding.SAME


async def test_newer_contents_of_the_platform_and_an_erased_contact_stay_as_they_are() -> None:
    with_revisie = ('contactId = "id"', 'contactId = "id"\nrevisie = "r"')
    town, old, new = Town(), message(1, r=1), message(2, r=2)
    before, now = small(with_revisie), small(with_revisie, RAISED, OTHER_CHANNEL)
    for each in (old, new):
        town.decide(mapped_by(before, each))
    entries = [
        each
        for record in (old, new)
        for each in compared(record, outcomes_of(record, now), made_before(mapped_by(before, record)))
    ]

    assert [each.standing for each in await town.judged(*entries)] == [MappedStanding.OVERTAKEN, MappedStanding.CHANGES]

    [key] = town.register.besluiten
    town.register.erase(key, Gewist(NOW, "Z-1"), ())
    assert [each.standing for each in await town.judged(*entries)] == [MappedStanding.ERASED] * 2


async def test_a_message_that_the_platform_sent_twice_is_sent_once() -> None:
    town, first, again = Town(), message(1), message(2)
    now = small(RAISED, OTHER_CHANNEL)
    town.decide(mapped_by(small(), first))
    entries = [
        each
        for record in (first, again)
        for each in compared(record, outcomes_of(record, now), made_before(mapped_by(small(), record)))
    ]

    assert [each.standing for each in await town.judged(*entries)] == [MappedStanding.CHANGES, MappedStanding.SAME]


def test_of_several_events_of_a_message_the_newest_counts_and_a_strangers_is_left_out() -> None:
    record = message()
    events = [*mapped_by(small(RAISED), record), *mapped_by(small(), record)]
    strange = MappedEvent(events[0].mapped, Record("contact.ended", 0, 9, NOW, None, b'{"data": 1}', []))

    [(contact_id, made)] = made_before([*events, strange]).items()

    assert (contact_id, made.revisie, made.mapping) == ("g-1", 101, "klein/2")
