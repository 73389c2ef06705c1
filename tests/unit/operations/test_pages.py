"""Pages hold what they are given as text, whatever it is."""

from datetime import UTC, datetime, timedelta

from services.operations.pages.html import bullets, day, element, facts, minute, page, table
from services.operations.places.place import StayTerm
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


def test_a_record_that_was_replaced_goes_with_compaction() -> None:
    term = term_of(
        {
            "cleanup.policy": "compact,delete",
            "retention.ms": str(2400 * HOUR),
            "segment.ms": str(12 * HOUR),
            "max.compaction.lag.ms": str(24 * HOUR),
        }
    )

    assert term.until(WRITTEN, replaced_at=WRITTEN) == WRITTEN + timedelta(hours=36) + CLEANING
    assert term.until(WRITTEN) == WRITTEN + timedelta(hours=2412) + CLEANING


def test_a_topic_without_an_end_has_none() -> None:
    term = term_of({"cleanup.policy": "compact", "retention.ms": "-1", "max.compaction.lag.ms": str(HOUR)})

    assert term.until(WRITTEN) is None
    assert term_of({}).term is StayTerm.REGISTER
