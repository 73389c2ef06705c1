"""The file that says how a channel's messages become `contact.ended`: its tables, and the form of each.

The tree under `[contact]` has the fields of `ContactEnded`; `services/channels/mapping/compiling.py` checks it, since
a model of it would name every way in which a value can be written and none of the mistakes.
Source: `schemas/mapping.md`, which explains the file to the person who writes one.
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.cloudevents import Uri

MAX_EXPRESSION = 1000
"""The most characters of one expression: the longest in use has some 200."""
MAX_ENTRIES = 10_000
"""The most entries of one table of values. A municipality with a wrap-up code for each product has some 500."""

PATH: Final = "pad"
CONSTANT: Final = "vast"
CONVERTERS: Final = "als"
TABLE: Final = "tabel"
DEFAULT: Final = "anders"
CONDITION: Final = "wanneer"
FOR_EACH: Final = "voor_elk"
ANY_OTHER: Final = "*"
"""The entry of a table that stands for every value that it does not name."""

Expression = Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION)]
EntryName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
Scalar = str | bool | int | float
Tabel = Annotated[dict[str, Scalar], Field(min_length=1, max_length=MAX_ENTRIES)]


class Converter(StrEnum):
    """The name of a converter, as `als` has it."""

    TEKST = "tekst"
    """A number or boolean as a text: 3 becomes "3", true becomes "true"."""
    BIJGEKNIPT = "bijgeknipt"
    """White space becomes one space and goes from both ends. A free text is cut at what its field holds, with `…`."""
    KLEINE_LETTERS = "kleine_letters"
    """In small letters."""
    GETAL = "getal"
    """A text as a number: "3" becomes 3."""
    JSON = "json"
    """A text that holds JSON, as what it holds."""
    EPOCH_MS = "epoch_ms"
    """Milliseconds since 1970 as a date-time."""
    TIJD_ALS_REVISIE = "tijd_als_revisie"
    """A date-time with offset as milliseconds since 1970, for `revisie`."""
    TELEFOON = "telefoon"
    """A telephone number without `tel:`, `sip:` and separators; left out where the caller withheld it."""
    JA_NEE = "ja_nee"
    """ja, yes, true, 1 and the like as true; nee, no, false, 0 as false."""
    ISO_639_2 = "iso_639_2"
    """A language of two letters (`nl`, `nl-NL`) as one of three. A language that is not known is left out."""
    POSTCODE = "postcode"
    """A Dutch postcode as 1234 AB. Any other text stays as it is."""
    UUID = "uuid"
    """An id that is too long, or looks like an address, as a UUIDv5: always the same one for the same text."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Uitpakken(_Part):
    """How one message is taken apart before it is mapped."""

    contacten: Expression = "[@]"
    """The contacts in a message, as a list. By default the message is one contact."""
    json_in: dict[Expression, EntryName] = {}
    """Texts that hold JSON: which objects, and which field of them. They are read before anything else."""


class MappingFile(_Part):
    """The file of one channel. One mapping has one source."""

    formaat: Literal[1]
    """The version of this format."""
    naam: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    """Small letters, digits and hyphens; it stands in headers and dead letters."""
    versie: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,20}$")]
    """A new one for each change of the file."""
    herziening: Annotated[int, Field(ge=0, le=99)] = 0
    """Raised when old messages are mapped again: revisie = that of the message × 100 + herziening."""
    bron: Uri
    """The `source` of every event: the system that the contacts come from."""
    tijd: Any
    """When the event was written: a value, as those under `contact`."""
    sleutel: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=10, strict=False)]
    """The first that is there groups the contacts of one klant. Only a keyed hash of it leaves the mapping."""
    uitpakken: Uitpakken = Uitpakken()
    overslaan: dict[EntryName, Expression] = {}
    """Messages that become no contact: a reason, and the condition. The first that is true counts."""
    tabel: dict[EntryName, Tabel] = {}
    """Tables of values, by name. The municipality makes its choices here."""
    contact: dict[str, Any]
    """The data of `contact.ended`, field by field."""
