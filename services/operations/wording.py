"""How things are said to a person: texts that anybody may have written, moments, and numbers of things."""

from datetime import UTC, datetime
from typing import Final

MAX_CHARACTERS: Final = 100
"""A contactId is no longer, and a source hardly ever."""


def printable(text: str, most: int = MAX_CHARACTERS) -> str:
    """Give a text of one line with nothing in it that steers a screen, cut after so many characters."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def counted(number: int, what: str) -> str:
    """Name a number of things."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def to_the_second(moment: datetime) -> str:
    """Give a moment in UTC, as in `2026-11-20 09:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
