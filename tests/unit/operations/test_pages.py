"""Pages hold what they are given as text, whatever it is."""

from datetime import UTC, datetime, timedelta

import pytest

from services.operations.pages import places
from services.operations.pages.html import bullets, day, element, facts, minute, page, table
from services.operations.places.place import PlaceFound, PlaceKind, StayTerm, Tally
from services.operations.places.published import CHANNELS
from services.operations.places.topic_terms import CLEANING, term_of

EVIL = "<img src=x onerror=alert(1)>\"'&"


def test_every_text_is_escaped() -> None:
    made = page(
        EVIL,
        element("p", EVIL, title=EVIL),
        facts([(EVIL, EVIL)]),
        bullets([EVIL]),
        table([EVIL], [[EVIL, EVIL]], caption=EVIL),
    )

    assert "<img" not in made
    assert made.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;") == 11


def test_a_page_names_its_language_and_loads_nothing() -> None:
    made = page("Titel")

    assert made.startswith('<!doctype html>\n<html lang="nl">')
    assert "default-src 'none'" in made
    assert "http" not in made.replace("http-equiv", "")


def test_days_are_those_of_the_netherlands() -> None:
    assert day(datetime(2026, 3, 1, 23, 30, tzinfo=UTC)) == "2 maart 2026"
    assert minute(datetime(2026, 7, 1, 10, 0, tzinfo=UTC)) == "1 juli 2026, 12:00 uur"
    assert day(None) == ""


WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = 3_600_000


def test_a_record_stays_for_the_retention_and_the_time_that_its_segment_stays_open() -> None:
    term = term_of({"cleanup.policy": "delete", "retention.ms": str(48 * HOUR), "segment.ms": str(24 * HOUR)})

    assert term.term is StayTerm.RETENTION
    assert term.until(WRITTEN) == WRITTEN + timedelta(days=3) + CLEANING
    assert term.until(WRITTEN, replaced_at=WRITTEN) == WRITTEN + timedelta(days=3) + CLEANING


@pytest.mark.parametrize(
    ("segment", "lag", "gone"),
    [(12, 24, 36), (12, 72, 72), (20, 22, 44)],  # hours; a marker a day closes the segment
)
def test_a_record_that_was_replaced_goes_with_compaction(segment: int, lag: int, gone: int) -> None:
    term = term_of(
        {
            "cleanup.policy": "compact,delete",
            "retention.ms": str(2400 * HOUR),
            "segment.ms": str(segment * HOUR),
            "max.compaction.lag.ms": str(lag * HOUR),
        }
    )

    assert term.until(WRITTEN, replaced_at=WRITTEN) == WRITTEN + timedelta(hours=gone) + CLEANING
    assert (term.until(WRITTEN), term.days) == (None, 100), "the cleaner joins segments: nobody knows the day"


def test_a_place_promises_no_day_that_one_of_its_records_may_outlive() -> None:
    tally = Tally()
    tally.add("withdrawn", contents=False)
    tally.add("registered", contents=True, until=WRITTEN)
    place = tally.place("klantcontact.registered", PlaceKind.TOPIC, StayTerm.COMPACTION, days=90)

    assert (place.until, place.contents_until) == (None, WRITTEN)
    tally.add("registered again", contents=True)
    assert tally.place("t", PlaceKind.TOPIC, StayTerm.COMPACTION).contents_until is None


def test_a_topic_without_an_end_has_none() -> None:
    term = term_of({"cleanup.policy": "compact", "retention.ms": "-1", "max.compaction.lag.ms": str(HOUR)})

    assert term.until(WRITTEN) is None
    assert term.term is StayTerm.REGISTER
    assert term_of({}).term is StayTerm.REGISTER


def test_a_citizen_reads_that_messages_of_channels_were_not_searched() -> None:
    found = PlaceFound(name=CHANNELS, kind=PlaceKind.TOPIC, found=None, term=StayTerm.UNKNOWN)
    says = ("Berichten van formulieren, telefonie en mail", "kan niet doorzocht worden", "niet bekend")
    assert places.row(places.shown(found)) == says


@pytest.mark.parametrize(
    ("until", "contents_until", "says"),
    [
        (WRITTEN, WRITTEN, "1 november 2026"),
        (None, WRITTEN, "inhoud: 1 november 2026; kenmerken: wordt vanzelf verwijderd, enige tijd na 90 dagen"),
        (None, None, "wordt vanzelf verwijderd, enige tijd na 90 dagen"),
    ],
)
def test_a_citizen_reads_until_when_as_far_as_anybody_knows(
    until: datetime | None, contents_until: datetime | None, says: str
) -> None:
    place = {
        "plaats": "klantcontact.registered",
        "doorzocht": True,
        "aanwezig": True,
        "aantal": 2,
        "totUiterlijk": until,
        "inhoudTotUiterlijk": contents_until,
        "termijn": StayTerm.COMPACTION,
        "dagen": 90.0,
    }
    assert places.row(place) == ("klantcontact.registered", "2", says)
