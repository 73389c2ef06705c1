"""What each envelope takes off a request, and what it refuses."""

import gzip
import json
import tracemalloc
import zlib
from http import HTTPStatus

import orjson
import pytest

from schemas.raw_messages import MAX_MESSAGE_BYTES
from services.channels.intake.delivery import Delivery
from services.channels.intake.envelopes import MAX_MESSAGES, Unpacked, unpack
from services.channels.intake.replies import ACCEPTED, Rejected
from services.channels.intake_fields import MIB, Omhulsel
from tests.support.intake_channels import firehose

JSON = b"application/json"
FORM = b"application/x-www-form-urlencoded"


def unpacked(
    omhulsel: Omhulsel, body: bytes, *, content_type: bytes = JSON, encoding: bytes = b"", most_bytes: int = 4 * MIB
) -> Unpacked:
    headers = {b"content-type": content_type, b"content-encoding": encoding}
    return unpack(omhulsel, Delivery("x", b"", headers, body), most_bytes=most_bytes)


def refused(
    omhulsel: Omhulsel, body: bytes, *, content_type: bytes = JSON, encoding: bytes = b"", most_bytes: int = 4 * MIB
) -> HTTPStatus:
    with pytest.raises(Rejected) as rejected:
        unpacked(omhulsel, body, content_type=content_type, encoding=encoding, most_bytes=most_bytes)
    assert rejected.value.reply.body == b""
    return rejected.value.reply.status


def test_without_an_envelope_the_body_is_the_message() -> None:
    body = b'{ "metadata": {} }\n'
    assert unpacked(Omhulsel.GEEN, body, content_type=b"Application/JSON; charset=utf-8") == Unpacked([body], JSON)


def test_each_object_of_a_list_is_a_message() -> None:
    assert unpacked(Omhulsel.LIJST, b'[{"a": 1.0},\n{"b":2}]') == Unpacked([b'{"a": 1.0}', b'{"b":2}'], JSON)
    assert unpacked(Omhulsel.LIJST, b"[]") == Unpacked([], JSON)


@pytest.mark.parametrize(
    ("content_type", "body", "messages", "kept_as"),
    [
        (b"application/cloudevents+json", b'{"id":"1"}', [b'{"id":"1"}'], b"application/cloudevents+json"),
        (b"application/json", b'{"of": "binary mode"}', [b'{"of": "binary mode"}'], JSON),
        (
            b"application/cloudevents-batch+json",
            b'[{"id":"1"}, {"id":"2"}]',
            [b'{"id":"1"}', b'{"id":"2"}'],
            b"application/cloudevents+json",
        ),
    ],
)
def test_cloudevents(content_type: bytes, body: bytes, messages: list[bytes], kept_as: bytes) -> None:
    assert unpacked(Omhulsel.CLOUDEVENTS, body, content_type=content_type) == Unpacked(messages, kept_as)


def test_the_fields_of_a_form_become_an_object() -> None:
    made = unpacked(Omhulsel.FORMULIER, b"CallSid=CA1&From=%2B31612345678&Empty=&Tag=a&Tag=b&Tag=c", content_type=FORM)
    wanted = {"CallSid": "CA1", "From": "+31612345678", "Empty": "", "Tag": ["a", "b", "c"]}
    assert made == Unpacked([orjson.dumps(wanted)], JSON)


def test_a_mail_stays_as_it_is() -> None:
    body = b"Subject: =?utf-8?q?=C3=A9?=\r\n\r\n\xe9"
    assert unpacked(Omhulsel.MAIL, body, content_type=b"message/rfc822") == Unpacked([body], b"message/rfc822")


@pytest.mark.parametrize("encoding", [b"", b"gzip", b"GZIP"])
def test_firehose_hears_its_own_id(encoding: bytes) -> None:
    body = firehose(b'{"ContactId": "1"}', b'{"ContactId": "2"}\n', request_id="abc-1")
    made = unpacked(Omhulsel.FIREHOSE, gzip.compress(body) if encoding else body, encoding=encoding)

    assert (made.messages, made.content_type) == ([b'{"ContactId": "1"}', b'{"ContactId": "2"}\n'], JSON)
    assert (made.reply.status, made.reply.reception) == (HTTPStatus.OK, ACCEPTED.reception)
    told = json.loads(made.reply.body)
    assert (told["requestId"], type(told["timestamp"]), list(told)) == ("abc-1", int, ["requestId", "timestamp"])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"no json",
        b'{"requestId": "a"}',
        b'{"records": []}',
        b'{"requestId": 1, "records": []}',
        b'{"requestId": "", "records": []}',
        b'{"requestId": "a\\r\\nb", "records": []}',
        b'{"requestId": "a", "records": 1}',
        b'{"requestId": "a", "records": [1]}',
        b'{"requestId": "a", "records": [{"data": 1}]}',
        b'{"requestId": "a", "records": [{"data": "e30"}]}',
        b'{"requestId": "a", "records": [{"data": "e3 0="}]}',
        b'{"requestId": "' + b"a" * 200 + b'", "records": []}',
    ],
)
def test_a_wrong_delivery_of_firehose_is_refused(body: bytes) -> None:
    assert refused(Omhulsel.FIREHOSE, body) == HTTPStatus.BAD_REQUEST


BOMB = gzip.compress(b"0" * 50 * MIB)


@pytest.mark.parametrize(
    ("zipped", "status"),
    [
        (BOMB, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (gzip.compress(BOMB), HTTPStatus.BAD_REQUEST),
        (BOMB[:-4], HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (gzip.compress(firehose(b"{}"))[:-4], HTTPStatus.BAD_REQUEST),
        (gzip.compress(firehose(b"{}")) + b"more", HTTPStatus.BAD_REQUEST),
        (gzip.compress(b"") + gzip.compress(firehose(b"{}")), HTTPStatus.BAD_REQUEST),
        (zlib.compress(firehose(b"{}")), HTTPStatus.BAD_REQUEST),
        (firehose(b"{}"), HTTPStatus.BAD_REQUEST),
    ],
)
def test_what_does_not_unzip_as_it_should_is_refused(zipped: bytes, status: HTTPStatus) -> None:
    assert refused(Omhulsel.FIREHOSE, zipped, encoding=b"gzip") == status


def test_a_bomb_takes_no_more_memory_than_is_allowed() -> None:
    tracemalloc.start()
    assert refused(Omhulsel.FIREHOSE, BOMB, encoding=b"gzip") == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * 4 * MIB


@pytest.mark.parametrize("omhulsel", [each for each in Omhulsel if each is not Omhulsel.FIREHOSE])
def test_only_firehose_may_compress(omhulsel: Omhulsel) -> None:
    content_type = {Omhulsel.FORMULIER: FORM, Omhulsel.MAIL: b"message/rfc822"}.get(omhulsel, JSON)
    body = gzip.compress(b"[{}]")
    assert refused(omhulsel, body, content_type=content_type, encoding=b"gzip") == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize("omhulsel", Omhulsel)
def test_an_empty_body_or_another_type_is_refused(omhulsel: Omhulsel) -> None:
    content_type = {Omhulsel.FORMULIER: FORM, Omhulsel.MAIL: b"message/rfc822"}.get(omhulsel, JSON)
    assert refused(omhulsel, b"", content_type=content_type) == HTTPStatus.BAD_REQUEST
    for other in (b"", b"text/plain", b"application/xml", FORM if content_type == JSON else JSON):
        assert refused(omhulsel, b"[{}]", content_type=other) == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    ("omhulsel", "body"),
    [
        (Omhulsel.GEEN, b"x" * 2001),
        (Omhulsel.LIJST, b"[" + b",".join([b"{}"] * (MAX_MESSAGES + 1)) + b"]"),
        (Omhulsel.FIREHOSE, firehose(*[b"{}"] * (MAX_MESSAGES + 1))),
        (Omhulsel.FIREHOSE, firehose(b"x" * (MAX_MESSAGE_BYTES + 1))),
    ],
)
def test_what_is_too_large_is_refused(omhulsel: Omhulsel, body: bytes) -> None:
    most_bytes = 2000 if omhulsel is Omhulsel.GEEN else 4 * MIB
    assert refused(omhulsel, body, most_bytes=most_bytes) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_as_large_as_may_be_is_taken() -> None:
    body = firehose(b"x" * MAX_MESSAGE_BYTES, *[b"{}"] * (MAX_MESSAGES - 1))
    assert len(unpacked(Omhulsel.FIREHOSE, body).messages) == MAX_MESSAGES


@pytest.mark.parametrize("body", [b"&&", b"a=%ff", b"a=\xff", b"&".join([b"a=b"] * 300)])
def test_a_form_without_readable_fields_is_refused(body: bytes) -> None:
    assert refused(Omhulsel.FORMULIER, body, content_type=FORM) == HTTPStatus.BAD_REQUEST
