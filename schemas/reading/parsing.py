"""From bytes to JSON, with the data of an event in its place, wherever CloudEvents allows it to stand."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.cloudevents import DATA_BASE64, data_in
from schemas.faults import Fault, FaultKind

_IN_BASE64 = DATA_BASE64.encode()
_NUL = b"\\u0000"
"""The only form in which JSON can hold NUL."""

_MAX_DIGITS = 100
"""More digits than any number here may have, and few enough for Python to parse."""


def parse(value: bytes) -> dict[str, Any] | None:
    """Return the object that a value holds, or None when it holds none."""

    def no_number(name: str) -> float:
        raise ValueError(name)

    def whole_number(digits: str) -> int:
        return int(digits[:_MAX_DIGITS])

    try:
        tree = json.loads(value.decode("utf-8"), parse_constant=no_number, parse_int=whole_number)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict) else None


def may_hold_nul(value: bytes) -> bool:
    """Whether a value has what looks like NUL. Few values have a backslash, and one byte is found much faster."""
    return b"\\" in value and _NUL in value


class Apart(NamedTuple):
    """An event whose data stood in base64."""

    attributes: dict[str, Any]
    data: bytes


def taken_apart(value: bytes) -> Apart | None:
    """Return an event with its data in base64 as two parts, or None for another event, and where that takes care.

    An escape in an attribute may stand for a character that is refused.
    """
    event = parse(value) if _IN_BASE64 in value and b"\\u" not in value else None
    if event is None or "data" in event or not all(isinstance(each, str) for each in event.values()):
        return None
    data = data_in(event.pop(DATA_BASE64, ""))
    return Apart(event, data) if data is not None else None


def unpack(tree: dict[str, Any]) -> Iterator[Fault]:
    """Put data that stands in base64 in its place, or yield why it can't be."""
    written = tree.pop(DATA_BASE64, None)
    if written is None:
        return
    if tree.get("data") is not None:
        yield Fault(DATA_BASE64, FaultKind.NIET_TOEGESTAAN)
    elif not isinstance(written, str):
        yield Fault(DATA_BASE64, FaultKind.VERKEERD_TYPE)
    elif (data := data_in(written)) is None:
        yield Fault(DATA_BASE64, FaultKind.VERKEERDE_VORM)
    elif (read := parse(data)) is None:
        yield Fault(DATA_BASE64, FaultKind.ONLEESBAAR)
    else:
        tree["data"] = read
