"""Only plain facts stand in a log line."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel

from services.runtime.observe.health import Part
from services.runtime.observe.logs import only_plain_values


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
