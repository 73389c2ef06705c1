"""Texts from outside, fit for a screen: ids, sources and paths come from events that anybody may have written."""

from typing import Final

MAX_CHARACTERS: Final = 100
"""A contactId is no longer, and a source hardly ever."""


def printable(text: str, most: int = MAX_CHARACTERS) -> str:
    """Give a text of one line with nothing in it that steers a screen, cut after so many characters."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
