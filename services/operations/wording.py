"""Texts, moments and counts as a person reads them, and moments as an operator types them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

MAX_CHARACTERS: Final = 100
"""A contactId is never longer, and a source seldom."""


def printable(text: str, most: int = MAX_CHARACTERS) -> str:
    """Return a text on one line that can't steer a screen, cut to `most` characters. Anybody may have written it."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def counted(number: int, what: str) -> str:
    """Return a number of things in words: `1 letter`, `2 letters`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def to_the_second(moment: datetime) -> str:
    """Return a moment in UTC, as in `2026-11-20 09:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


_AGO: Final = re.compile(r"(\d{1,4})([smhdw])", re.ASCII)
_BEFORE_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Kafka knows no earlier moment."""
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_moment(text: str, now: datetime) -> datetime:
    """Return the moment that a text names: with its offset from UTC, or as how long ago.

    Raises ValueError, in words for an operator.
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
