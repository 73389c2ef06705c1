"""What can be wrong with a mapping when it is loaded, and with a message when it is mapped."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.mapping_faults import MappingFaultKind


class WrongPlace(NamedTuple):
    """One mistake in a file: its place, as in `contact.betrokkenen[0].rol`, and what is wrong and what to do."""

    place: str
    message: str


class InvalidMapping(Exception):
    """A mapping can't be used. `mistakes` has all of them, in the order of the file."""

    def __init__(self, file: str, mistakes: Sequence[WrongPlace]) -> None:
        self.file = file
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(f"{file}: {place or 'the file'}: {message}" for place, message in self.mistakes))


class Unconvertible(Exception):
    """A converter can't read what it got. It holds nothing of it."""


class Unmappable(Exception):
    """A place of the mapping can't take a message. It holds no value of the message."""

    def __init__(self, place: str, kind: MappingFaultKind) -> None:
        super().__init__(f"{place}: {kind.value}")
        self.place = place
        self.kind = kind
