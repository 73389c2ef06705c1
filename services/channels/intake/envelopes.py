"""Unpacks a delivery into messages by the `omhulsel` of its channel: one message becomes one raw record.

The intake unpacks a delivery only after its proof. Each function here raises Rejected for a delivery that it can't
unpack, or that is too large.
"""

import base64
import binascii
import re
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

import orjson

from schemas.raw_messages import MAIL_TYPE, MAX_MESSAGE_BYTES
from schemas.values import value_class
from services.channels.intake.delivery import FORM, Delivery, form_fields
from services.channels.intake.json_array import objects_in
from services.channels.intake.replies import (
    ACCEPTED,
    TOO_LARGE,
    UNREADABLE,
    WRONG_TYPE,
    Rejected,
    Reply,
    firehose_accepted,
)
from services.channels.intake_fields import Omhulsel

T = TypeVar("T")

MAX_MESSAGES: Final = 1000
"""Messages of one request. Firehose sends some hundreds of contacts in its smallest buffer."""

JSON: Final = b"application/json"
CLOUDEVENT: Final = b"application/cloudevents+json"
CLOUDEVENTS_BATCH: Final = b"application/cloudevents-batch+json"
MAIL: Final = MAIL_TYPE.encode()
_ANY_JSON: Final = frozenset({JSON, CLOUDEVENT, CLOUDEVENTS_BATCH})

CONTENT_TYPES: Final = _ANY_JSON | {FORM, MAIL}
"""Every type that some channel may take."""

ENCODINGS: Final = frozenset({b"", b"identity", b"gzip"})
"""The content encodings that some channel may take."""

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
"""Of Firehose, whose id goes back in the answer."""


@value_class(frozen=True, slots=True)
class Unpacked:
    """The messages of a request, all of one content type, and the reply for when Kafka has them."""

    messages: Sequence[bytes]
    content_type: bytes
    reply: Reply = ACCEPTED


def unpack(omhulsel: Omhulsel, delivery: Delivery, *, most_bytes: int) -> Unpacked:
    """Return the messages of a delivery. `most_bytes` bounds its body, both as sent and decompressed."""
    if len(delivery.body) > most_bytes:
        raise Rejected(TOO_LARGE)
    types, unpack_body = _ENVELOPES[omhulsel]
    if delivery.content_type not in types:
        raise Rejected(WRONG_TYPE)
    if not delivery.body:
        raise Rejected(UNREADABLE)
    unpacked = unpack_body(delivery, most_bytes)
    if len(unpacked.messages) > MAX_MESSAGES or any(len(each) > MAX_MESSAGE_BYTES for each in unpacked.messages):
        raise Rejected(TOO_LARGE)
    return unpacked


def _whole(delivery: Delivery, _most_bytes: int) -> Unpacked:
    return Unpacked([_plain(delivery)], delivery.content_type)


def _list(delivery: Delivery, _most_bytes: int) -> Unpacked:
    return Unpacked(_objects(_plain(delivery)), JSON)


def _cloudevents(delivery: Delivery, _most_bytes: int) -> Unpacked:
    if delivery.content_type == CLOUDEVENTS_BATCH:
        return Unpacked(_objects(_plain(delivery)), CLOUDEVENT)
    return Unpacked([_plain(delivery)], delivery.content_type)


def _form(delivery: Delivery, _most_bytes: int) -> Unpacked:
    fields: dict[str, str | list[str]] = {}
    try:
        pairs = form_fields(_plain(delivery))
    except ValueError:
        raise Rejected(UNREADABLE) from None
    if not pairs:
        raise Rejected(UNREADABLE)
    for name, value in pairs:
        before = fields.get(name)
        fields[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    return Unpacked([orjson.dumps(fields)], JSON)


def _firehose(delivery: Delivery, most_bytes: int) -> Unpacked:
    """Source: https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html."""
    body = _unzipped(delivery, most_bytes)
    try:
        request = orjson.loads(body)
        request_id, records = request["requestId"], request["records"]
        messages = [base64.b64decode(each["data"], validate=True) for each in _at_most(records)]
        is_id = REQUEST_ID.fullmatch(request_id) is not None
    except (binascii.Error, KeyError, TypeError, ValueError):
        raise Rejected(UNREADABLE) from None
    if not is_id:
        raise Rejected(UNREADABLE)
    return Unpacked(messages, JSON, firehose_accepted(request_id, milliseconds=time.time_ns() // 1_000_000))


def _objects(body: bytes) -> Sequence[bytes]:
    try:
        return _at_most(objects_in(body))
    except ValueError:
        raise Rejected(UNREADABLE) from None


def _at_most(messages: Iterable[T]) -> list[T]:
    """Return the messages, or one more than the maximum when there are more: the rest is not read."""
    return list(islice(messages, MAX_MESSAGES + 1))


def _plain(delivery: Delivery) -> bytes:
    """Return the body of a platform that has no reason to compress it."""
    if delivery.content_encoding not in {b"", b"identity"}:
        raise Rejected(WRONG_TYPE)
    return delivery.body


def _unzipped(delivery: Delivery, most_bytes: int) -> bytes:
    """Return the body, decompressed where gzip was used. Decompress no further than `most_bytes`."""
    if delivery.content_encoding != b"gzip":
        return delivery.body
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(delivery.body, most_bytes + 1)
    except zlib.error:
        raise Rejected(UNREADABLE) from None
    if len(unpacked) > most_bytes:
        raise Rejected(TOO_LARGE)
    if not unpacker.eof or unpacker.unused_data:
        raise Rejected(UNREADABLE)
    return unpacked


Unpack = Callable[[Delivery, int], Unpacked]

_ENVELOPES: Final[Mapping[Omhulsel, tuple[frozenset[bytes], Unpack]]] = {
    Omhulsel.GEEN: (_ANY_JSON, _whole),
    Omhulsel.LIJST: (_ANY_JSON, _list),
    Omhulsel.CLOUDEVENTS: (_ANY_JSON, _cloudevents),
    Omhulsel.FORMULIER: (frozenset({FORM}), _form),
    Omhulsel.MAIL: (frozenset({MAIL}), _whole),
    Omhulsel.FIREHOSE: (frozenset({JSON}), _firehose),
}
"""For each the content types that it takes, and the function that unpacks it."""
