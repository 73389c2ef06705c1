"""What a letter holds, written so that a person or jq can correct it, and read back.

A value that is JSON stands as it is under `event`, to be changed where it is wrong. Text that is no JSON is a text
under `value`; what is no text stands in base64 under `valueBase64`. Key and headers are written the same way.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from schemas.dead_letters import NAMES, Header
from services.operations.dead_letters.letters import Content

IN_BASE64: Final = "Base64"

MAX_DEPTH: Final = 50
"""An event of the contract has eight levels. What is made to break a reader of JSON stays a text."""


class ContentRefused(ValueError):
    """The content can't be read back. The message names fields, never what is in them."""


def described(content: Content) -> dict[str, Any]:
    """Write a content as plain values."""
    return {
        **_bytes("key", content.key),
        "headers": [{"name": name, **_bytes("value", value)} for name, value in content.headers],
        **_value(content.value),
    }


def content_of(given: Mapping[str, Any], original: Content) -> Content:
    """Read a corrected content; key and headers are the letter's own unless they are given.

    Raises ContentRefused.
    """
    forms = [name for name in ("event", "value", f"value{IN_BASE64}") if name in given]
    if len(forms) != 1:
        raise ContentRefused("needs one of event, value and valueBase64: what is to be sent")
    return Content(
        key=_read_bytes("key", given) if {"key", f"key{IN_BASE64}"} & given.keys() else original.key,
        value=_encoded(given["event"]) if forms == ["event"] else _read_bytes("value", given),
        headers=_read_headers(given["headers"]) if "headers" in given else original.headers,
    )


# Writing --------------------------------------------------------------------------------------------------------------


def _value(value: bytes | None) -> dict[str, Any]:
    try:
        event = json.loads(value or b"", object_pairs_hook=_unique, parse_constant=_no_json)
        json.dumps(event, ensure_ascii=False).encode()  # half of a surrogate pair can't be written
    except (ValueError, RecursionError):
        return _bytes("value", value)
    return {"event": event} if _fits(event, MAX_DEPTH) else _bytes("value", value)


def _fits(node: object, levels: int) -> bool:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return levels > 0 and all(_fits(child, levels - 1) for child in children)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names something twice: of the two only one would be left."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_json(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _bytes(name: str, value: bytes | None) -> dict[str, str | None]:
    if value is None:
        return {name: None}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}{IN_BASE64}": base64.b64encode(value).decode()}


# Reading --------------------------------------------------------------------------------------------------------------


def _encoded(event: object) -> bytes:
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only as an escape
        return json.dumps(event, separators=(",", ":")).encode()


def _read_bytes(name: str, given: Mapping[str, Any]) -> bytes | None:
    in_base64 = f"{name}{IN_BASE64}"
    value = given.get(in_base64, given.get(name))
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True) if in_base64 in given else str.encode(value)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ContentRefused(
            f"{in_base64 if in_base64 in given else name} must be a text that can be encoded"
        ) from error


def _read_headers(given: object) -> list[Header]:
    if not isinstance(given, list) or not all(isinstance(each, dict) and _is_name(each.get("name")) for each in given):
        raise ContentRefused("headers must be a list of objects with a name, and a value or valueBase64")
    return [(each["name"], _read_bytes("value", each)) for each in given]


def _is_name(name: object) -> bool:
    """Tell whether a header may be called so; ours say where a letter comes from and are added by us."""
    return isinstance(name, str) and name not in NAMES and name.isprintable()
