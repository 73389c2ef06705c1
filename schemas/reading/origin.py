"""Which contact a record is about, read leniently: also from an event that is refused, cut off, or broken.

Nothing is judged by it. A record that is no JSON at all is of no contact.
"""

import json
import re
from typing import Any, Final, NamedTuple

import orjson
from pydantic_core import from_json

from schemas.cloudevents import DATA_BASE64, Headers, attributes_under_any_name, binary_attributes, data_in

BASE64_UNIT: Final = 4
"""Characters of base64 that are whole bytes. A text that was cut has some of the next."""

_STRING: Final = r'"((?:[^"\\]|\\.)*)"'
_CONTACT_ID: Final = re.compile(r'"(?:contact|wijziging)Id"\s*:\s*' + _STRING)
_SOURCE: Final = re.compile(r'"source"\s*:\s*' + _STRING)
_VERVOLG: Final = re.compile(r'"vervolgOp"\s*:\s*\{[^{}]*\}?')
"""Names another contact."""


MAX_SOURCE_CHARACTERS: Final = 120

SOURCE: Final = re.compile(r"(urn:|https?://)[A-Za-z0-9:._/~-]+")
"""A source that is shown. It comes from an event that is wrong, so it must look like the name of a system: no person's
address, no query, no character that breaks a screen."""


ID_NAMES: Final = ("contactId", "wijzigingId")
"""The names under which an event has its id in the source: of a contact, or of a change outside one."""


class Origin(NamedTuple):
    """What an event calls its contact. Nothing has checked these texts: compare with them, and never show them."""

    source: str | None
    contact_id: str | None


def origin_of(value: bytes | None, headers: Headers = ()) -> Origin:
    """Return `source` and `contactId` of a record in structured or binary mode, also where its form is wrong."""
    binary, attributes = binary_attributes(headers), attributes_under_any_name(headers)
    tree = _read(value)
    data = _read_data(tree)
    # In binary mode the value is the data. A record that is in neither mode may have it at either place.
    places = (data, tree) if binary is None else (tree, data)
    sources = (tree.get("source"), attributes.get("source")) if binary is None else (attributes.get("source"),)
    return Origin(_first_text(*sources), _first_text(*(each.get(name) for each in places for name in ID_NAMES)))


def origin_in(herkomst: object) -> Origin:
    """Return the contact, or the change of consent, that a document or an event of the classifier follows from."""
    given = herkomst if isinstance(herkomst, dict) else {}
    return Origin(_first_text(given.get("source")), _first_text(*(given.get(name) for name in ID_NAMES)))


def _read(value: bytes | None) -> dict[str, Any]:
    """Return the object in a value, or what can be read of it."""
    tree = _parsed(value or b"")
    return tree if isinstance(tree, dict) else {}


def _parsed(value: bytes) -> object:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        pass
    text = value.decode("utf-8", "replace")
    try:
        # orjson refuses half a surrogate pair, NaN and bytes that are no UTF-8.
        return json.loads(text)
    except (ValueError, RecursionError):
        return {**_found(text), **_beginning(text)}


def _beginning(text: str) -> dict[str, Any]:
    """Return what is complete of a JSON object up to where it is cut, or goes wrong.

    Of base64 the beginning counts. Of an id it would be another id.
    """
    try:
        tree = from_json(text, allow_partial=True)
        if not isinstance(tree, dict):
            return {}
        if "data" not in tree and DATA_BASE64 in text:
            tree.setdefault(DATA_BASE64, from_json(text, allow_partial="trailing-strings").get(DATA_BASE64))
    except ValueError:
        return {}
    return tree


def _found(text: str) -> dict[str, Any]:
    """Return what stands under the names that count anywhere in a text, as behind a comma that is missing."""
    text = _VERVOLG.sub("", text)
    names = {"source": _SOURCE.search(text), "contactId": _CONTACT_ID.search(text)}
    return {name: _unescaped(each[1]) for name, each in names.items() if each is not None}


def _unescaped(text: str) -> str | None:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return None


def _read_data(event: dict[str, Any]) -> dict[str, Any]:
    written = event.get(DATA_BASE64)
    if event.get("data") is None and isinstance(written, str):
        return _read(data_in(written) or data_in(written[: len(written) // BASE64_UNIT * BASE64_UNIT]))
    data = event.get("data")
    return data if isinstance(data, dict) else {}


def _first_text(*values: object) -> str | None:
    return next((each for each in values if isinstance(each, str)), None)


def shown_source(source: str | None) -> str | None:
    """Return the source if it looks like the name of a system, else None."""
    if source is None or len(source) > MAX_SOURCE_CHARACTERS or not SOURCE.fullmatch(source):
        return None
    return source
