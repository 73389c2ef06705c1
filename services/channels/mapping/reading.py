"""From the bytes of a message to JSON, within bounds."""

import json
from math import isfinite
from typing import Any

from services.channels.mapping.bounds import MAX_DEPTH

_MAX_DIGITS = 100
"""More digits than any number here may have, and few enough for Python to parse."""


def parsed(value: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that a value holds. Raises ValueError for what is no JSON, and for what is too deep."""

    def no_number(name: str) -> float:
        raise ValueError(name)

    def whole_number(digits: str) -> int:
        return int(digits[:_MAX_DIGITS])

    def number(digits: str) -> float:
        found = float(digits[:_MAX_DIGITS])
        if not isfinite(found):
            raise ValueError
        return found

    try:
        text = value.decode("utf-8", "surrogatepass")
        tree = json.loads(text, parse_constant=no_number, parse_int=whole_number, parse_float=number)
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    if too_deep(tree):
        raise ValueError("too deep")
    return tree


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
