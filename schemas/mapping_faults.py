"""Why a mapping gave no event of a message: the place in the mapping, the kind, and never a value of the message."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class MappingFaultKind(StrEnum):
    """Why a place of a mapping gave no value for a message."""

    EXPRESSIE = "expressie"
    """A function of the expression got another type than it takes, such as `length` of null."""
    OMZETTING = "omzetting"
    """A converter can't read what it got, such as `getal` of a word."""
    OPZOEKEN = "opzoeken"
    """The path found a list or an object, and a table looks up texts."""
    GEEN_LIJST = "geen_lijst"
    """`contacten` or `voor_elk` names something that is no list."""
    GEEN_WAARDE = "geen_waarde"
    """A path gave an object, or a list of lists or objects, where a field takes a text, a number or a boolean."""
    TE_VEEL = "te_veel"
    """The message asks for more than the bounds of one message."""


class MappingFault(NamedTuple):
    """One fault: the place in the mapping, such as `contact.kanaal`, and its kind."""

    pad: str
    soort: MappingFaultKind


MAPPING_HINTS: Final[Mapping[MappingFaultKind, str]] = {
    MappingFaultKind.EXPRESSIE: "A function got null or another type. Ask first: `x && length(x)`, or "
    "`not_null(x, `[]`)`.",
    MappingFaultKind.OMZETTING: "The converter can't read what the path found. Choose another path or converter.",
    MappingFaultKind.OPZOEKEN: "The path found a list or an object, and a table knows texts. Choose one item: "
    "`… | [0]`.",
    MappingFaultKind.GEEN_LIJST: "The path found no list. Write `to_array(…)` around it.",
    MappingFaultKind.GEEN_WAARDE: "The path found an object, or a list of them. Go on to a field of it.",
    MappingFaultKind.TE_VEEL: "The message asks for more than one message may: fewer items, or a simpler path.",
}
"""The remedy for each kind, for the person who writes the mapping."""
