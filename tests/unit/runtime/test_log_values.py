"""Only plain facts stand in a log line."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel

from services.runtime.observe.health import Part
from services.runtime.observe.logs import one_line_each, only_plain_values


class _Contact(BaseModel):
    onderwerp: str


def test_plain_facts_stay_and_the_rest_is_named_by_its_type() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    contact = _Contact(onderwerp="geheim")

    assert only_plain_values(
        None,
        "",
        {
            "event": "contact.decided",
            "rule": "V2",
            "count": 3,
            "part": Part.KAFKA,
            "at": moment,
            "id": UUID(int=1),
            "file": Path("/sleutel"),
            "contact": contact,
            "error": ValueError("geheim"),
            "value": b"geheim",
            "nested": [{"contact": contact, "n": 1}, (contact,)],
        },
    ) == {
        "event": "contact.decided",
        "rule": "V2",
        "count": 3,
        "part": Part.KAFKA,
        "at": moment,
        "id": UUID(int=1),
        "file": "/sleutel",
        "contact": "<_Contact>",
        "error": "<ValueError>",
        "value": "<bytes>",
        "nested": [{"contact": "<_Contact>", "n": 1}, ["<_Contact>"]],
    }


def test_no_control_character_of_a_value_reaches_the_screen() -> None:
    forged = "c-1\n12:00 [info] contact.decided\x1b[2J\u202e\r"

    shown = one_line_each(None, "", {"event": "contact.decided", "contact_id": forged, "nested": [{forged: [forged]}]})

    safe = "c-1\ufffd12:00 [info] contact.decided\ufffd[2J\ufffd\ufffd"
    assert shown == {"event": "contact.decided", "contact_id": safe, "nested": [{safe: [safe]}]}


def test_a_reason_and_an_exception_keep_their_lines_and_nothing_else() -> None:
    shown = one_line_each(None, "", {"reason": "two\nlines\x1b[2J", "exception": "KeyError\n  main.py:1:main"})

    assert shown == {"reason": "two\nlines\ufffd[2J", "exception": "KeyError\n  main.py:1:main"}
