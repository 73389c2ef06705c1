"""Data that CloudEvents' JSON format carries as bytes is read as data is. Source: that format, 3.1.1 and 3.1.2."""

import base64
import json

import pytest

from schemas.faults import Refusal
from schemas.reading import decoding
from schemas.reading.decoding import MAX_BYTES, Received, decode
from tests.contract.changes import ABSENT, WRITTEN_AT, Changes, changed, faults, in_base64, structured, whole_event
from tests.support.examples import Wire, line


def _read(tree: Wire) -> Received | Refusal:
    return decode(line(tree), (), WRITTEN_AT)


def _packed(data_base64: object) -> Wire:
    return {**changed({"data": ABSENT}), "data_base64": data_base64}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "a whole event"),
        ({"data.nieuw": None}, "with an unknown field"),
        ({"data.taal": None, "subject": None}, "with null"),
        ({"data.kanaal": "fax \u00e9\U0001f642"}, "with any character"),
        ({"data.kanaal": ABSENT, "data.betrokkenen.0.rol": "x"}, "with errors"),
        ({"data": {}}, "with nothing in it"),
        ({"data.kanaal": "a\0"}, "with NUL"),
        ({"subject": "a\0"}, "with NUL beside it"),
        ({"traceparent": "\ud800"}, "with half a character beside it"),
        ({"traceparent": 17, "comexampleextension": True}, "with attributes that are no texts"),
        ({"id": ABSENT}, "with an attribute that is missing"),
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_it_is_read_as_data_is(changes: Changes, reason: str, *, ascii_only: bool) -> None:
    tree = changed(changes)
    if ascii_only or "half" not in reason:
        assert decode(in_base64(tree, ascii_only=ascii_only), (), WRITTEN_AT) == structured(tree)


def test_a_usual_event_takes_the_fast_way() -> None:
    assert decoding._read_fast(in_base64(whole_event()), None, WRITTEN_AT) == structured(whole_event())


def test_its_name_may_be_written_with_an_escape() -> None:
    escaped = in_base64(whole_event()).replace(b"data_base64", b"data\\u005fbase64")
    assert decode(escaped, (), WRITTEN_AT) == structured(whole_event())


def test_a_text_that_holds_its_name_is_a_text() -> None:
    assert isinstance(structured(changed({"data.onderwerpen.0.inhoud": "wat is data_base64?"})), Received)


@pytest.mark.parametrize(
    ("data_base64", "kind", "reason"),
    [
        (17, "verkeerd_type", "a number"),
        ({"contactId": "c-1"}, "verkeerd_type", "the data itself"),
        ("{}", "verkeerde_vorm", "JSON is no base64"),
        ("e30", "verkeerde_vorm", "without its padding"),
        ("e3 0=", "verkeerde_vorm", "with a space"),
        ("e30=\n", "verkeerde_vorm", "with a line end"),
        ("_-8=", "verkeerde_vorm", "the alphabet of URLs"),
        ("\u00e9", "verkeerde_vorm", "no ASCII"),
        ("", "onleesbaar", "nothing"),
        ("W10=", "onleesbaar", "a list"),
        ("bnVsbA==", "onleesbaar", "null"),
        (base64.b64encode(b"\xff\xfe{}").decode(), "onleesbaar", "not UTF-8"),
        (base64.b64encode(b"\x00\x01\x02").decode(), "onleesbaar", "bytes of another format"),
    ],
)
def test_what_it_cannot_hold(data_base64: object, kind: str, reason: str) -> None:
    refused = _read(_packed(data_base64))
    assert isinstance(refused, Refusal), reason
    assert faults(refused) == [("data_base64", kind)]
    assert (refused.kind.value, refused.contact_id) == ("contact_ongeldig", None)


def test_an_error_in_it_hides_none_of_the_attributes() -> None:
    refused = _read({**_packed("{}"), "id": ""})
    assert faults(refused) == [("data_base64", "verkeerde_vorm"), ("id", "leeg")]


def test_beside_data_it_is_refused() -> None:
    both = {**whole_event(), "data_base64": "e30="}
    refused = _read(both)
    assert isinstance(refused, Refusal)
    assert faults(refused) == [("data_base64", "niet_toegestaan")]
    assert refused.contact_id == "c-1"


def test_null_is_absent_on_either_side() -> None:
    assert _read({**whole_event(), "data_base64": None}) == structured(whole_event())
    assert _read({**json.loads(in_base64(whole_event())), "data": None}) == structured(whole_event())


def test_neither_of_the_two_is_data_that_is_missing() -> None:
    assert faults(_read(_packed(None))) == [("data", "ontbreekt")]


def test_the_64_kib_count_the_value_as_it_was_sent() -> None:
    large = changed({f"data.onderwerpen.{3 + index}": {"onderwerp": "x", "inhoud": "x" * 1000} for index in range(47)})
    assert isinstance(structured(large), Received)
    assert len(in_base64(large)) > MAX_BYTES > len(line(large))
    assert faults(decode(in_base64(large), (), WRITTEN_AT)) == [("", "te_groot")]


def test_in_binary_mode_there_is_no_such_attribute() -> None:
    attributes = {name: value for name, value in whole_event().items() if name != "data"}
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    read = decode(line(whole_event()["data"]), [*headers, ("ce_data_base64", b"e30=")], WRITTEN_AT)
    assert isinstance(read, Received)
