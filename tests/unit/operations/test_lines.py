"""The limit of 64 KiB counts the event alone: it is the same for a line of a file and a record of Kafka."""

from collections.abc import Callable

import pytest

from schemas.faults import FaultKind
from schemas.reading.decoding import MAX_BYTES, Received, decode
from services.domain.policy import DEFAULT
from services.operations.classify import classify
from services.operations.lines import event_on
from services.operations.validate import validate
from tests.support.contacts import contact_ended, encoded

ENDS = [pytest.param(b"", id="no line end"), pytest.param(b"\n", id="LF"), pytest.param(b"\r\n", id="CRLF")]

FORMS = [
    pytest.param(lambda event, room: event + b" " * room, id="white space after it"),
    pytest.param(lambda event, room: b" \t" + b" " * (room - 2) + event, id="white space before it"),
    pytest.param(lambda event, room: event.replace(b'"Sam"', b'"Sam"' + b" " * room), id="white space in it"),
]

Form = Callable[[bytes, int], bytes]


def _event(form: Form, size: int) -> bytes:
    event = encoded(contact_ended("c-1"))
    formed = form(event, size - len(event))
    assert len(formed) == size
    return formed


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("form", FORMS)
def test_an_event_of_64_kib_is_read_in_every_way(form: Form, end: bytes) -> None:
    assert MAX_BYTES == 65_536
    event = _event(form, 65_536)
    line = event + end

    assert isinstance(decode(event), Received)
    assert event_on(line) == event
    assert [answer["contactId"] for answer in classify([line], DEFAULT)] == ["c-1"]
    assert [(each.contact_id, each.findings) for each in validate([line], DEFAULT)] == [("c-1", ())]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("form", FORMS)
def test_one_byte_more_is_too_large_in_every_way(form: Form, end: bytes) -> None:
    event = _event(form, 65_537)
    line = event + end

    assert not isinstance(decode(event), Received)
    assert event_on(line) == event
    assert [answer["fouten"] for answer in classify([line], DEFAULT)] == [[{"pad": "", "soort": "te_groot"}]]
    assert [[finding.soort for finding in each.findings] for each in validate([line], DEFAULT)] == [
        [FaultKind.TE_GROOT]
    ]


def test_a_byte_order_mark_counts_as_part_of_the_event_and_is_invalid_json() -> None:
    line = b"\xef\xbb\xbf" + encoded(contact_ended("c-1")) + b"\n"

    assert event_on(line).startswith(b"\xef\xbb\xbf")
    assert not isinstance(decode(event_on(line)), Received)
    assert [answer["fouten"] for answer in classify([line], DEFAULT)] == [[{"pad": "", "soort": "onleesbaar"}]]
