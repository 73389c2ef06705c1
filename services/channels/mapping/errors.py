"""What can be wrong with a mapping when it is loaded, and with a message when it is mapped."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


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


class MappingFaultKind(StrEnum):
    """Why a place of a mapping gave no value for a message."""

    EXPRESSIE = "expressie"
    """A function of the expression got another type than it takes, such as `length` of null."""
    OMZETTING = "omzetting"
    """A converter can't read what it got, such as `getal` of a word."""
    OPZOEKEN = "opzoeken"
    """A list or an object was to be looked up in a table."""
    GEEN_LIJST = "geen_lijst"
    """What `contacten` or `voor_elk` goes through is no list."""
    GEEN_WAARDE = "geen_waarde"
    """A path gave an object, or a list of lists or objects, where a field takes a text, a number or a boolean."""
    TE_VEEL = "te_veel"
    """The message asks for more than the bounds of one message."""


class Unmappable(Exception):
    """A place of the mapping can't take a message. It holds no value of the message."""

    def __init__(self, place: str, kind: MappingFaultKind) -> None:
        super().__init__(f"{place}: {kind.value}")
        self.place = place
        self.kind = kind
