"""Which contact a record is about, read leniently: also from an event that is refused, as long as it is JSON.

A letter that was cut off, or that is no JSON, is of no contact.
"""

import json
from typing import Any, NamedTuple

import orjson

from schemas.cloudevents import DATA_BASE64, Headers, binary_attributes, data_in
from services.runtime.errors import KlantcontactError


class Origin(NamedTuple):
    """What an event calls its contact. Nothing has checked these texts: compare with them, and never show them."""

    source: str | None
    contact_id: str | None


def origin_of(value: bytes | None, headers: Headers = ()) -> Origin:
    """Return `source` and `contactId` of a record in structured or binary mode."""
    tree = _object(_parsed(value))
    attributes = binary_attributes(headers)
    if attributes is None:
        attributes, tree = tree, _object(_data_of(tree))
    return Origin(_text(attributes.get("source")), _text(tree.get("contactId")))


def _parsed(value: bytes | None) -> object:
    try:
        return orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        pass
    try:
        # orjson refuses half a surrogate pair, NaN and bytes that are no UTF-8.
        return json.loads((value or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _data_of(event: dict[str, Any]) -> object:
    written = event.get(DATA_BASE64)
    return _parsed(data_in(written)) if isinstance(written, str) and event.get("data") is None else event.get("data")


def _object(tree: object) -> dict[str, Any]:
    return tree if isinstance(tree, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


class UnknownContact(KlantcontactError):
    """Nothing is known of this contact, or not what was asked; the message says which."""
