"""How commands write texts, moments and counts for a person, and read a moment that an operator typed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

MAX_CHARACTERS: Final = 100

MAX_ID_CHARACTERS: Final = 256
"""The longest contactId, and the longest source."""


def printable(text: str, most: int = MAX_CHARACTERS) -> str:
    """Return a text as one line without control characters, cut after so many characters."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def printable_id(text: str) -> str:
    """Return a contactId or source as one line. It is not cut: an operator types it into the next command."""
    return printable(text, MAX_ID_CHARACTERS)


def counted(number: int, what: str) -> str:
    """Return a count of things in words, as in `2 records`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def to_the_second(moment: datetime) -> str:
    """Return a moment in UTC, as in `2026-11-20 09:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


_AGO: Final = re.compile(r"(\d{1,4})([smhdw])", re.ASCII)
_BEFORE_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Kafka has no earlier timestamp."""
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_moment(text: str, now: datetime) -> datetime:
    """Return a moment that was typed with its offset from UTC, or as how long ago it was.

    Raises ValueError with a message for an operator.
    """
    if ago := _AGO.fullmatch(text):
        return max(_BEFORE_ALL, now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return max(_BEFORE_ALL, moment.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    raise ValueError(
        "a moment looks like 2026-11-20T09:00:00+01:00, with its offset, or like 90s, 30m, 2h, 3d or 1w ago"
    )
