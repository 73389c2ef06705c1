"""From the bytes of a message to JSON, within bounds."""

import json
from math import isfinite
from typing import Any

from services.channels.mapping.bounds import MAX_DEPTH, MAX_NUMBER_CHARACTERS


class UnreadableMessage(Exception):
    """A message is no JSON and no mail, is nested too deeply, or holds a number that is too long."""


def parsed(value: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that a value holds. Raises UnreadableMessage for other bytes, and for JSON beyond the bounds."""
    try:
        text = value.decode("utf-8", "surrogatepass")
        tree = json.loads(text, parse_constant=_no_number, parse_int=_whole_number, parse_float=_fraction)
    except (ValueError, RecursionError):
        raise UnreadableMessage from None
    if too_deep(tree):
        raise UnreadableMessage
    return tree


def _no_number(name: str) -> float:
    raise UnreadableMessage(name)


def _whole_number(digits: str) -> int:
    return int(_bounded(digits))


def _fraction(digits: str) -> float:
    found = float(_bounded(digits))
    if not isfinite(found):
        raise UnreadableMessage
    return found


def _bounded(digits: str) -> str:
    """Return a number as it is written. A part of one is another number, so a longer one is refused."""
    if len(digits) > MAX_NUMBER_CHARACTERS:
        raise UnreadableMessage
    return digits


def too_deep(tree: object) -> bool:
    """Whether JSON has more levels than a message may."""
    level = [tree]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        if not inner:
            return False
        level = inner
    return True
