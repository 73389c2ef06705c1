"""Splits a JSON array into its elements, byte for byte as they were sent.

Decoding and encoding an element would change it: long numbers, names that come twice, spaces.
"""

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import Final, NoReturn

_SPACE: Final = re.compile(r"[ \t\n\r]*")


def objects_in(body: bytes) -> Iterator[bytes]:
    """Yield the text of each object in a JSON array. Raises ValueError for anything else.

    Each object is parsed before it is yielded. So a caller that collects all of them never takes half a request.
    """
    text = body.decode()
    at = _next(text, _begin(text))
    if text.startswith("]", at):
        _end(text, at)
        return
    while True:
        if not text.startswith("{", at):
            raise ValueError
        end = _end_of_object(text, at)
        yield text[at:end].encode()
        at = _next(text, end)
        if not text.startswith(",", at):
            return _end(text, at)
        at = _next(text, at + 1)


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER: Final = JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_constant)
"""It leaves numbers as texts: to convert one with many digits would take long."""


def _end_of_object(text: str, at: int) -> int:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except RecursionError:
        raise ValueError from None


def _next(text: str, at: int) -> int:
    """Return the place of the first character that is no space."""
    found = _SPACE.match(text, at)
    assert found is not None, "it matches nothing too"
    return found.end()


def _begin(text: str) -> int:
    at = _next(text, 0)
    if not text.startswith("[", at):
        raise ValueError
    return at + 1


def _end(text: str, at: int) -> None:
    if not text.startswith("]", at) or _next(text, at + 1) != len(text):
        raise ValueError
