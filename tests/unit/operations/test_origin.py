"""Which contact a record is about, however broken its event is."""

import json

import pytest

from services.operations.origin import Origin, origin_of
from tests.support.contacts import SOURCE, contact_ended, encoded

OURS = Origin(SOURCE, "c-1")
NOBODY = Origin(None, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(encoded(contact_ended("c-1")), OURS, id="a valid event"),
        pytest.param(encoded({**contact_ended("c-1"), "specversion": 7, "time": None}), OURS, id="a broken envelope"),
        pytest.param(encoded({"source": SOURCE, "data": {"contactId": "c-1"}}), OURS, id="hardly anything else"),
        pytest.param(
            b'{"source": "%s", "data": {"contactId": "c-1", "kanaal": "\\ud800", "n": NaN}}' % SOURCE.encode(),
            OURS,
            id="half a surrogate pair and an invalid number",
        ),
        pytest.param(
            b'{"source": "%s", "data": {"contactId": "c-1", "kanaal": "\xff"}}' % SOURCE.encode(), OURS, id="no UTF-8"
        ),
        pytest.param(encoded({"source": SOURCE, "data": {"contactId": 1}}), Origin(SOURCE, None), id="no text"),
        pytest.param(encoded({"source": SOURCE, "data": ["contactId"]}), Origin(SOURCE, None), id="data is a list"),
        pytest.param(encoded(contact_ended("c-1"))[:-40], NOBODY, id="cut off"),
        pytest.param(b"[" * 100_000, NOBODY, id="too deep"),
        pytest.param(b"[]", NOBODY, id="a list"),
        pytest.param(b"", NOBODY, id="nothing"),
        pytest.param(None, NOBODY, id="no value"),
    ],
)
def test_structured(value: bytes | None, expected: Origin) -> None:
    assert origin_of(value) == expected


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        pytest.param({"data_base64": "eyJjb250YWN0SWQiOiAiYy0xIn0="}, OURS, id="an object"),
        pytest.param({"data_base64": "eyJjb250YWN0SWQiOiAiYy0xIn0=", "data": None}, OURS, id="beside null"),
        pytest.param({"data_base64": "e30=", "data": {"contactId": "c-1"}}, OURS, id="beside data"),
        pytest.param({"data_base64": "%"}, Origin(SOURCE, None), id="no base64"),
        pytest.param({"data_base64": "W10="}, Origin(SOURCE, None), id="a list"),
        pytest.param({"data_base64": 7}, Origin(SOURCE, None), id="no text"),
    ],
)
def test_data_in_base64(packed: dict[str, object], expected: Origin) -> None:
    assert origin_of(encoded({"source": SOURCE, **packed})) == expected


def test_binary() -> None:
    headers = [("ce_source", SOURCE.encode()), ("dlq_kind", b"contact_ongeldig"), ("content-type", b"application/json")]
    assert origin_of(json.dumps({"contactId": "c-1"}).encode(), headers) == OURS
