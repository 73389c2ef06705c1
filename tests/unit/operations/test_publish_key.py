"""The Kafka key that `klantcontact publish` gives an event."""

import base64
import hashlib
import json

import pytest

from services.operations.publish import key_of


def _line(**changes: object) -> bytes:
    return json.dumps({"source": "urn:a", "data": {"contactId": "c-1", "revisie": 1}} | changes).encode()


def test_all_revisies_of_one_contact_have_one_key() -> None:
    later = _line(id="other", data={"contactId": "c-1", "revisie": 2})

    assert key_of(_line()) == key_of(later) == hashlib.sha256(b'["urn:a","c-1"]').hexdigest().encode()


def test_data_in_base64_has_the_key_of_data() -> None:
    packed = base64.b64encode(b'{"contactId": "c-1"}').decode()

    assert key_of(json.dumps({"source": "urn:a", "data_base64": packed}).encode()) == key_of(_line())
    assert key_of(_line(data=None, data_base64=packed)) == key_of(_line())


@pytest.mark.parametrize("packed", ["%", "W10=", "", 7, None])
def test_data_in_base64_that_can_not_be_read_has_none(packed: object) -> None:
    assert key_of(json.dumps({"source": "urn:a", "data_base64": packed}).encode()) is None


@pytest.mark.parametrize("other", [_line(source="urn:b"), _line(data={"contactId": "c-2"})])
def test_another_contact_has_another_key(other: bytes) -> None:
    assert key_of(other) != key_of(_line())


def test_the_publishers_own_partitionkey_takes_precedence_as_a_hash() -> None:
    key = key_of(_line(partitionkey="klant-7"))

    assert (
        key == key_of(_line(partitionkey="klant-7", source="urn:b")) == hashlib.sha256(b"klant-7").hexdigest().encode()
    )


@pytest.mark.parametrize("line", [b"\xff", b"[]", b"{}", b'{"source": "a", "data": []}', b'"text"', b"null"])
def test_an_unreadable_line_has_no_key(line: bytes) -> None:
    assert key_of(line) is None
