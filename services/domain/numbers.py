"""Numbers that the register hands out: digits, at most ten, unique per kind, never reused; gaps are fine.

Source: VNG B9045 and B4733 (for people, no technical key); `schemas/decision.md`, "Ids and numbers".
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from schemas.values import value_class

LAST_NUMBER: Final = 9_999_999_999


class NumberKind(StrEnum):
    """The kinds of thing that get a number; each kind has its own count."""

    KLANTCONTACT = "klantcontact"
    PARTIJ = "partij"
    INTERNE_TAAK = "interne_taak"


@value_class(frozen=True, slots=True)
class Numbers:
    """The numbers that may be handed out now, of each kind in order. A number that was taken never comes back."""

    klantcontact: Iterator[int]
    partij: Iterator[int]
    interne_taak: Iterator[int]

    def take(self, kind: NumberKind) -> str:
        """Remove and return the next number of a kind."""
        source: Iterator[int] = getattr(self, kind)
        return str(next(source))


NO_NUMBERS: Final = Numbers(iter(()), iter(()), iter(()))
"""For a register whose batch is not known yet."""
