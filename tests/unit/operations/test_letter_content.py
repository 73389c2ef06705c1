"""The form in which a letter's content is written to be corrected, and read back."""

import json
from typing import Any

import pytest

from services.operations.dead_letters.content import MAX_DEPTH, ContentRefused, content_of, described
from services.operations.dead_letters.letters import Content

OWN = Content(b"klant-1", b"{}", [("content-type", b"application/json")])


def test_an_event_is_written_as_json_that_can_be_corrected_in_place() -> None:
    content = Content(b"klant-1", b'{"data": {"kanaal": "\xc3\xa9"}}', [("ce_id", b"1"), ("empty", None)])
    assert described(content) == {
        "key": "klant-1",
        "headers": [{"name": "ce_id", "value": "1"}, {"name": "empty", "value": None}],
        "event": {"data": {"kanaal": "é"}},
    }


@pytest.mark.parametrize(
    ("value", "form"),
    [
        pytest.param(b'{"a":1', {"value": '{"a":1'}, id="no JSON"),
        pytest.param(b'{"a":1,"a":2}', {"value": '{"a":1,"a":2}'}, id="a doubled name, where an object keeps one"),
        pytest.param(b'{"a":NaN}', {"value": '{"a":NaN}'}, id="NaN"),
        pytest.param(b'"\\ud800"', {"value": '"\\ud800"'}, id="half of a surrogate pair"),
        pytest.param(b"", {"value": ""}, id="nothing"),
        pytest.param(b"\xff\x00", {"valueBase64": "/wA="}, id="no text"),
        pytest.param(None, {"value": None}, id="tombstone"),
        pytest.param(b"null", {"event": None}, id="null is JSON"),
        pytest.param(b"12345678901234567890123", {"event": 12345678901234567890123}, id="a number of any size"),
        pytest.param(b"[" * 60 + b"]" * 60, {"value": "[" * 60 + "]" * 60}, id="deeper than any event"),
        pytest.param(b"[" * 99_999, {"value": "[" * 99_999}, id="made to break a reader"),
    ],
)
def test_a_value_that_json_can_not_hold_is_written_as_text_or_base64(value: bytes | None, form: dict[str, Any]) -> None:
    told = described(Content(None, value, []))
    assert told == {"key": None, "headers": [], **form}
    again = content_of(json.loads(json.dumps(told)), OWN)
    assert again == Content(None, value, [])


def test_the_deepest_event_that_is_written_as_json_can_be_read_back() -> None:
    levels = MAX_DEPTH - 1
    value = b"[" * levels + b"]" * levels
    told = described(Content(None, value, []))
    assert "event" in told
    assert content_of(told, OWN).value == value


def test_key_and_headers_are_the_letters_own_unless_they_are_given() -> None:
    assert content_of({"event": {"a": 1}}, OWN) == Content(OWN.key, b'{"a":1}', OWN.headers)
    given = {"value": "x", "keyBase64": "/w==", "headers": [{"name": "ce_id", "value": "2"}]}
    assert content_of(given, OWN) == Content(b"\xff", b"x", [("ce_id", b"2")])
    assert content_of({"value": "x", "key": None}, OWN).key is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "needs one of event, value and valueBase64"),
        ({"event": {}, "value": "{}"}, "needs one of event, value and valueBase64"),
        ({"value": {"zqcanaryqz": 1}}, "value must be a text"),
        ({"value": "\ud800"}, "value must be a text"),
        ({"valueBase64": "zqcanaryqz!"}, "valueBase64 must be a text"),
        ({"event": {}, "key": 17}, "key must be a text"),
        ({"event": {}, "headers": {"zqcanaryqz": "1"}}, "headers must be a list"),
        ({"event": {}, "headers": [{"name": 1}]}, "headers must be a list"),
        ({"event": {}, "headers": [{"name": "dlq_letter", "value": "1-1"}]}, "headers must be a list"),
    ],
)
def test_content_that_can_not_be_sent_is_refused_without_showing_it(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ContentRefused, match=told) as refused:
        content_of(given, OWN)
    assert "zq" not in str(refused.value)
