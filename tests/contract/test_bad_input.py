"""What is wrong with an event is told by path and kind: every error at once, and never a value.

Here the record and its envelope; `test_bad_contact.py` has the data. Each row changes one valid event; its reason
stands beside it. Source: `schemas/decision.md`, "Validity".
"""

import pytest

from schemas.faults import Refusal
from schemas.reading.decoding import MAX_BYTES, Received, decode
from tests.contract.changes import (
    ABSENT,
    WRITTEN_AT,
    Changes,
    Read,
    binary,
    changed,
    faults,
    structured,
    whole_event,
)
from tests.support.examples import line

Expected = list[tuple[str, str]]

HALF_A_PAIR = "\ud800"


def test_the_event_that_is_changed_below_is_valid() -> None:
    assert isinstance(structured(whole_event()), Received)
    assert isinstance(binary(whole_event()), Received)


# Unreadable -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "a tombstone"),
        (b"", "empty"),
        (b" \n", "white space only"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"data": "\xed\xa0\x80"}', "half a surrogate pair in bytes is not UTF-8"),
        ('{"data": "é"}'.encode("latin-1"), "another encoding"),
        (line(whole_event()).decode().encode("utf-16"), "UTF-16"),
        (b"\xef\xbb\xbf" + line(whole_event()), "a byte order mark is no JSON (RFC 8259)"),
        (b"hallo", "not JSON"),
        (line(whole_event())[:-1], "cut off"),
        (line(whole_event()) + b"{}", "two values"),
        (line({**whole_event(), "subject": "x"}).replace(b'"x"', b"NaN"), "NaN is no JSON"),
        (line({**whole_event(), "traceparent": "x"}).replace(b'"x"', b"NaN"), "nor where any value is taken"),
        (line({**whole_event(), "traceparent": "x"}).replace(b'"x"', b"-Infinity"), "nor is infinity"),
        (line({**whole_event(), "subject": "x"}).replace(b'"x"', b'"\n"'), "a bare control character"),
        (b"[]", "a list"),
        (b'"tekst"', "a text"),
        (b"1", "a number"),
        (b"null", "null"),
        (b"[" * 60_000, "nested without end"),
        (b'{"a":' * 10_000, "nested without end"),
    ],
)
def test_what_cannot_be_read_has_an_empty_path(value: bytes | None, reason: str) -> None:
    read = decode(value, (), WRITTEN_AT)
    assert isinstance(read, Refusal), reason
    assert (read.kind.value, faults(read), read.contact_id) == ("onleesbaar", [("", "onleesbaar")], None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"[1]", "the data is a list"),
        (b"", "there is no data"),
        (None, "a tombstone"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_unreadable_data_in_binary_mode(value: bytes | None, reason: str) -> None:
    read = decode(value, [("ce_specversion", b"1.0"), ("ce_id", b"1")], WRITTEN_AT)
    assert isinstance(read, Refusal), reason
    assert faults(read) == [("", "onleesbaar")]


def _padded_to(size: int) -> bytes:
    written = line(whole_event())
    return written + b" " * (size - len(written))


def test_64_kib_are_read_and_a_byte_more_is_not() -> None:
    assert isinstance(decode(_padded_to(MAX_BYTES), (), WRITTEN_AT), Received)
    too_large = decode(_padded_to(MAX_BYTES + 1), (), WRITTEN_AT)
    assert isinstance(too_large, Refusal)
    assert (too_large.kind.value, faults(too_large), too_large.contact_id) == ("te_groot", [("", "te_groot")], None)


def test_attributes_in_headers_are_bounded_as_a_value_is() -> None:
    refused = binary(changed({"subject": "x" * MAX_BYTES}))
    assert faults(refused) == [("", "te_groot")]


def test_other_headers_do_not_count() -> None:
    headers = (("elsewhere", b"x" * MAX_BYTES),)
    assert isinstance(decode(line(whole_event()), headers, WRITTEN_AT), Received)


# The envelope ---------------------------------------------------------------------------------------------------------

REQUIRED_ATTRIBUTES = ("specversion", "id", "source", "type", "time")

ENVELOPE: list[tuple[str, Changes, Expected]] = [
    *[("required", {name: ABSENT}, [(name, "ontbreekt")]) for name in REQUIRED_ATTRIBUTES],
    (
        "all that is missing at once",
        dict.fromkeys(REQUIRED_ATTRIBUTES, ABSENT),
        sorted((n, "ontbreekt") for n in REQUIRED_ATTRIBUTES),
    ),
    ("an older CloudEvents", {"specversion": "0.3"}, [("specversion", "onbekende_waarde")]),
    ("another event", {"type": "nl.klantinteracties.taak.created"}, [("type", "onbekende_waarde")]),
    ("not empty", {"id": ""}, [("id", "leeg")]),
    ("not blank: by it something is found", {"id": " \t"}, [("id", "leeg")]),
    ("not empty", {"source": ""}, [("source", "leeg")]),
    ("a URI has a scheme", {"source": "telefonie"}, [("source", "verkeerde_vorm")]),
    ("a URI has no white space", {"source": "urn:nld: oin"}, [("source", "verkeerde_vorm")]),
    ("a date-time has an offset", {"time": "2026-11-30T10:00:00"}, [("time", "verkeerde_vorm")]),
    ("a date is no date-time", {"time": "2026-11-30"}, [("time", "verkeerde_vorm")]),
    ("from 1900 on", {"time": "1899-12-31T23:59:59Z"}, [("time", "buiten_bereik")]),
    ("another content type", {"datacontenttype": "text/xml"}, [("datacontenttype", "onbekende_waarde")]),
    (
        "not JSON, though it looks like it",
        {"datacontenttype": "text/json+xml"},
        [("datacontenttype", "onbekende_waarde")],
    ),
    ("a suffix needs its plus", {"datacontenttype": "text/xjson"}, [("datacontenttype", "onbekende_waarde")]),
    ("too long", {"id": "x" * 257}, [("id", "te_lang")]),
    ("too long", {"source": "urn:" + "x" * 253}, [("source", "te_lang")]),
    ("too long", {"subject": "x" * 257}, [("subject", "te_lang")]),
    ("too long", {"datacontenttype": f"application/json;{'x' * 240}"}, [("datacontenttype", "te_lang")]),
    ("too long", {"dataschema": "urn:" + "x" * 253}, [("dataschema", "te_lang")]),
    ("NUL is refused", {"subject": "a\0b"}, [("subject", "verkeerd_teken")]),
    ("NUL is refused", {"id": "\0"}, [("id", "verkeerd_teken")]),
    (
        "a version that is not known",
        {"dataschema": "urn:klantinteracties:schema:contact.ended:2"},
        [("dataschema", "onbekende_waarde")],
    ),
    (
        "a version is written in one way",
        {"dataschema": "urn:klantinteracties:schema:contact.ended:01"},
        [("dataschema", "onbekende_waarde")],
    ),
    (
        "another event's schema",
        {"dataschema": "urn:klantinteracties:schema:taak.created:1"},
        [("dataschema", "onbekende_waarde")],
    ),
]


@pytest.mark.parametrize(("reason", "changes", "expected"), ENVELOPE)
@pytest.mark.parametrize("read", [structured, binary])
def test_a_wrong_envelope(read: Read, reason: str, changes: Changes, expected: Expected) -> None:
    refused = read(changed(changes))
    assert isinstance(refused, Refusal), reason
    assert faults(refused) == expected
    assert (refused.kind.value, refused.contact_id) == ("envelop_ongeldig", "c-1")


STRUCTURED_ENVELOPE: list[tuple[str, Changes, Expected]] = [
    *[("null is absent", {name: None}, [(name, "ontbreekt")]) for name in REQUIRED_ATTRIBUTES],
    ("a text", {"specversion": 1.0}, [("specversion", "verkeerd_type")]),
    ("a text", {"id": 17}, [("id", "verkeerd_type")]),
    ("a text", {"source": {"oin": "1"}}, [("source", "verkeerd_type")]),
    ("a text", {"time": 1764493200}, [("time", "verkeerd_type")]),
    ("a text", {"subject": ["c-1"]}, [("subject", "verkeerd_type")]),
    ("a text", {"datacontenttype": True}, [("datacontenttype", "verkeerd_type")]),
    ("a text", {"dataschema": 1}, [("dataschema", "verkeerd_type")]),
    ("half a character", {"subject": HALF_A_PAIR}, [("subject", "verkeerd_teken")]),
    (
        "envelope and data at once",
        {"id": ABSENT, "data.kanaal": ABSENT},
        [("data.kanaal", "ontbreekt"), ("id", "ontbreekt")],
    ),
]


@pytest.mark.parametrize(("reason", "changes", "expected"), STRUCTURED_ENVELOPE)
def test_a_wrong_envelope_that_only_structured_mode_can_have(reason: str, changes: Changes, expected: Expected) -> None:
    refused = structured(changed(changes))
    assert isinstance(refused, Refusal), reason
    assert (faults(refused), refused.kind.value, refused.contact_id) == (expected, "envelop_ongeldig", "c-1")


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (ABSENT, "ontbreekt", "required"),
        (None, "ontbreekt", "null is absent"),
        ("{}", "verkeerd_type", "JSON within JSON is a text"),
        ([], "verkeerd_type", "a list is no object"),
    ],
)
def test_data_that_is_no_object(data: object, kind: str, reason: str) -> None:
    refused = structured(changed({"data": data}))
    assert isinstance(refused, Refusal), reason
    assert (faults(refused), refused.kind.value, refused.contact_id) == ([("data", kind)], "contact_ongeldig", None)


def test_a_header_without_a_value_is_an_attribute_that_is_absent() -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_id", None)]
    assert ("id", "ontbreekt") in faults(decode(b"{}", headers, WRITTEN_AT))
