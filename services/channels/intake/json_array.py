"""Takes a JSON array apart and leaves its elements as they were sent, byte for byte.

To read and write them again would change what lies in the raw topic: long numbers, names that come twice, spaces.
"""

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import Final, NoReturn

_SPACE: Final = re.compile(r"[ \t\n\r]*")


def objects_in(body: bytes) -> Iterator[bytes]:
    """Yield the text of each object in a JSON array. Raises ValueError for anything else.

    It also checks what stands in the objects, so that half a request is never taken.
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
"""It keeps numbers as texts, which takes less than to read them, however many digits they have."""


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
