"""A record at a position on the screen: what lies there, and what became of it."""

from dataclasses import replace

import pytest

from schemas.positions import Position
from services.cli.explain_record import told
from services.operations.explain.explain import Explained
from services.operations.explain.held import Held
from services.operations.explain.record import AtPosition
from services.projector.errors import ForeignReason
from tests.support.examples import contact
from tests.unit.cli.test_explain_screen import LETTER, NOW, in_kafka, letters
from tests.unit.domain.desk import Desk

FOUND = AtPosition(
    position=Position("contact.ended", 3, 17),
    held=Held.RECORD,
    waits_since=None,
    last_offset=None,
    is_handled=True,
    foreign=None,
    lay_at=None,
    names_a_contact=False,
    contact=None,
    letters=letters(),
)
PLACE = "contact.ended, partition 3, offset 17"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (FOUND, "it lies there, handled"),
        (replace(FOUND, is_handled=False), "it lies there, not handled yet"),
        (replace(FOUND, is_handled=None), "it lies there"),
        (
            replace(FOUND, held=Held.WAITS, waits_since=NOW, is_handled=False),
            "it waits behind a transaction that somebody has open since 2026-12-01 12:00:00Z, not handled yet",
        ),
        (replace(FOUND, held=Held.GONE), "no longer there; its retention has ended, handled"),
        (replace(FOUND, held=Held.NOT_YET, is_handled=False), "nothing was written there yet"),
        (
            replace(FOUND, held=Held.BATCH, last_offset=20),
            "part of a batch up to offset 20 that is too large to read, handled",
        ),
        (
            replace(FOUND, held=Held.NOTHING),
            "no record: the mark of a transaction, or a record of one that was aborted, handled",
        ),
    ],
)
def test_what_lies_there_is_said_first(found: AtPosition, says: str) -> None:
    assert next(told(found, "")) == ("asked for", f"{PLACE}: {says}")


def test_an_undecided_record_shows_its_letters_and_no_contact_id() -> None:
    unread, refused = (replace(FOUND, names_a_contact=each, letters=letters(LETTER)) for each in (False, True))

    assert list(told(unread, ""))[1] == ("contact", "none can be read in it")
    assert list(told(refused, ""))[1:] == [
        ("contact", "not decided, so its contactId is not shown"),
        ("dead letters", "3-120, 2026-12-01 12:00:00Z, discarded: contact_ongeldig at data.kanaal"),
    ]


def test_a_dead_letter_names_the_place_of_its_record() -> None:
    found = replace(FOUND, lay_at=Position("contact.ended", 1, 2), is_handled=None)
    assert list(told(found, ""))[1] == ("", "a dead letter of the record at contact.ended, partition 1, offset 2")


def test_a_record_that_is_not_ours_says_why_and_names_no_contact() -> None:
    assert list(told(replace(FOUND, foreign=ForeignReason.NO_JSON), "")) == [
        ("asked for", f"{PLACE}: it lies there, handled"),
        ("", "our classifier did not write it (no_json); the projector passes it over"),
        ("dead letters", "none"),
    ]


def test_a_decided_record_is_followed_by_its_contact() -> None:
    found = replace(FOUND, contact=Explained(Desk().bring(contact()).besluit, (), (), in_kafka(), None))
    assert [name for name, _ in told(found, "")][:2] == ["asked for", "contact"]
