"""How large a decision record is at most once it is stored, so that a contact whose history is too long is refused.

MongoDB takes no document over 16 MB. A record grows with every revisie: by all that the contact was ever given.
"""

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Final

from services.domain.besluit import Aanleiding, BesluitRecord

MAX_RECORD_BYTES: Final = 4 * 1024 * 1024
"""Four times what the bounds of the contract allow, and a quarter of what MongoDB takes. The rest is for what is noted
at a record later."""

FIELD_BYTES: Final = 2
"""Of each field besides its name and value: its type, and the end of its name."""

PART_BYTES: Final = 48
"""Of each part besides its fields: its length, its end and the kind of an intrekking."""

PLACE_BYTES: Final = 8
"""The longest name of a place in a list."""

TEXT_BYTES: Final = 5
"""Of each text besides itself: its length and its end."""

NUMBER_BYTES: Final = 8

MOMENT_BYTES: Final = 40
"""A moment is stored as a text."""


def is_too_large(besluit: BesluitRecord) -> bool:
    """Whether a record may be too large to store."""
    return most_bytes(besluit) > MAX_RECORD_BYTES


def most_bytes(besluit: BesluitRecord) -> int:
    """Return a bound of the bytes of a record in MongoDB: no less than it takes, and not much more."""
    once: set[Aanleiding] = set()
    return _bytes(besluit, once) + sum(PLACE_BYTES + FIELD_BYTES + _of_part(each, once) for each in once)


def _bytes(value: object, once: set[Aanleiding]) -> int:
    """Return the bytes of a value. An aanleiding, which is stored once, is added to a set, and its place counts."""
    if isinstance(value, str):
        return TEXT_BYTES + (len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass")))
    if isinstance(value, tuple):
        return PART_BYTES + sum(PLACE_BYTES + FIELD_BYTES + _bytes(each, once) for each in value)
    if isinstance(value, Aanleiding):
        once.add(value)
        return NUMBER_BYTES
    if value is None or isinstance(value, int):
        return NUMBER_BYTES
    return _of_part(value, once) if is_dataclass(value) else MOMENT_BYTES


def _of_part(part: object, once: set[Aanleiding]) -> int:
    names, names_bytes = _names(type(part))  # type: ignore[arg-type]  # mypy looks at the hash of its instances
    return PART_BYTES + names_bytes + sum(_bytes(getattr(part, name), once) for name in names)


@lru_cache
def _names(part: type[Any]) -> tuple[tuple[str, ...], int]:
    names = tuple(each.name for each in fields(part))
    return names, sum(FIELD_BYTES + len(name) for name in names)
