"""What may not be, by the check that finds it."""

from dataclasses import dataclass
from typing import Final

Place = tuple[int, int]
"""Partition and offset of a record of `contact.ended`."""

CHECKS: Final = (
    "lost",
    "doubled",
    "half",
    "out of order",
    "decided otherwise",
    "number twice",
    "partij differs",
    "decision record differs",
    "projection differs",
    "letter without key",
    "lost by Kafka",
    "lost by the intake",
    "not recovered",
    "too much memory",
)
"""All of them have to be 0."""


@dataclass(frozen=True)
class Violation:
    """Something that may not be."""

    check: str
    what: str
    place: Place | None = None
    """Of the record that it is about."""
