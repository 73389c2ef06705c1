"""Which contact a record is about, however broken its event is."""

import base64
import json

import pytest

from schemas.reading.origin import Origin, origin_of
from tests.support.contacts import SOURCE, contact_ended, encoded

OURS = Origin(SOURCE, "c-1")
NOBODY = Origin(None, None)
NO_CONTACT = Origin(SOURCE, None)


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
        pytest.param(encoded(contact_ended("c-1"))[:-40], OURS, id="cut off"),
        pytest.param(b'{"source": "%s", "data": {"contactId": "c-1' % SOURCE.encode(), NO_CONTACT, id="cut in the id"),
        pytest.param(b'{"source": "%s", "data": {"n": "\xc3' % SOURCE.encode(), NO_CONTACT, id="cut in a character"),
        pytest.param(
            b'{"source": "%s" "data": {"vervolgOp": {"contactId": "c-0"}, "contactId" : "c-1",}' % SOURCE.encode(),
            OURS,
            id="commas missing",
        ),
        pytest.param(b'{"data" {"contactId": "\\u0063-\\u0031"}}', Origin(None, "c-1"), id="escaped and broken"),
        pytest.param(b'{"data" {"contactId": "\\x"}}', NOBODY, id="no escape"),
        pytest.param(b"contactId c-1", NOBODY, id="no JSON"),
        pytest.param(encoded({"source": SOURCE, "contactId": "c-1"}), OURS, id="not in data"),
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
        pytest.param({"data_base64": "eyJjb250YWN0SWQiOiAiYy0xIiwgIm"}, OURS, id="cut"),
    ],
)
def test_data_in_base64(packed: dict[str, object], expected: Origin) -> None:
    assert origin_of(encoded({"source": SOURCE, **packed})) == expected


def test_data_in_base64_that_is_cut_is_read_up_to_there() -> None:
    data = base64.b64encode(encoded({"contactId": "c-1", "kanaal": "x" * 50})).decode()
    event = encoded({"source": SOURCE, "data_base64": data})
    whole = event.index(data.encode()) + len(data)

    assert {origin_of(event[: whole - cut]) for cut in range(1, 40)} == {OURS}


@pytest.mark.parametrize("prefix", ["ce-", "cloudEvents:", "cloudEvents_", "CE-", "ce_"])
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("value", [{"contactId": "c-1"}, {"data": {"contactId": "c-1"}}])
def test_headers_named_as_in_another_protocol(prefix: str, quote: str, value: dict[str, object]) -> None:
    headers = [(f"{prefix}id", b"e-1"), (f"{prefix}source", f"{quote}{SOURCE}{quote}".encode())]
    assert origin_of(encoded(value), headers) == OURS


def test_what_the_event_says_comes_before_what_a_header_of_another_protocol_says() -> None:
    assert origin_of(encoded(contact_ended("c-1")), [("ce-source", b"urn:other")]) == OURS
    assert origin_of(encoded({"contactId": "c-1"}), [("ce-source", b"urn:o"), ("ce_source", SOURCE.encode())]) == OURS


def test_binary() -> None:
    headers = [("ce_source", SOURCE.encode()), ("dlq_kind", b"contact_ongeldig"), ("content-type", b"application/json")]
    assert origin_of(json.dumps({"contactId": "c-1"}).encode(), headers) == OURS
