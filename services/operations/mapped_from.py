"""From which message of a channel an event was mapped, as its headers say."""

import re
from typing import Final

from schemas.cloudevents import Headers
from schemas.positions import Position
from schemas.raw_messages import MAPPING, MESSAGE
from schemas.values import value_class

_POSITION: Final = re.compile(r"([A-Za-z0-9._-]{1,249}):(\d{1,9}):(\d{1,18})", re.ASCII)


@value_class(frozen=True, slots=True)
class MappedFrom:
    """What the mapper noted at an event."""

    mapping: str
    """As `naam/versie`; empty where the header is not there."""
    message: Position
    """Where the message lay."""


def mapped_from(headers: Headers) -> MappedFrom | None:
    """Return what the mapper noted; None for an event that came from no channel."""
    given = {name: value for name, value in headers if name in {MAPPING, MESSAGE} and value is not None}
    message = read_position(given.get(MESSAGE, b"").decode("utf-8", "replace"))
    return None if message is None else MappedFrom(given.get(MAPPING, b"").decode("utf-8", "replace"), message)


def read_position(text: str) -> Position | None:
    """Return the position that a text names, as in `contact.ended:3:120`; None for any other text."""
    found = _POSITION.fullmatch(text)
    return Position(found[1], int(found[2]), int(found[3])) if found is not None else None
