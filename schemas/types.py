"""The base class of every model, and the types of fields that have limits of their own."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

MAX_WHOLE_NUMBER = 2**53 - 1
"""The largest integer that every JSON reader holds exactly; BSON holds it too."""

EARLIEST_YEAR = 1900
LATEST_YEAR = 9998
"""A year below datetime's own limit, so that a reader can add to a moment without leaving the calendar."""

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
RFC_3339 = f"^{_DAY}[Tt]{_TIME}([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})$"
_RFC_3339 = re.compile(RFC_3339)


NOT_BLANK = r"\S"
"""A pattern that only asks for a text that is not blank, which is no form."""

MEANING_ABSENT: Final = ({"type": "null"}, {"const": ""})
"""What a JSON Schema allows in the place of a field that is absent: null, and an empty text where there is a form."""


class Bericht(BaseModel):
    """Base of everything on the wire: frozen, strict, camelCase outside and snake_case inside."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        defer_build=True,  # a process builds the few models that it reads with, not those of every event
    )


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str):
        raise PydanticCustomError("moment_type", "a date-time is a text")
    if not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("moment_format", "a date-time with offset is needed, as in 2026-09-02T10:00:00+02:00")
    try:
        written = datetime.fromisoformat(value.upper())
    except ValueError:
        raise PydanticCustomError("moment_format", "there is no such date-time") from None
    try:
        moment = written.astimezone(UTC)
    except OverflowError:
        moment = None
    # Judged in UTC, as we publish it: a moment that we accept must be one for subscribers too.
    if moment is None or not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise PydanticCustomError("moment_range", "the date-time is out of range")
    return moment


Timestamp = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": RFC_3339}),
]
"""A date-time with offset, from 1900 to 9998 in UTC. It is held in UTC, so that equal instants are equal."""


def _not_blank(value: str) -> str:
    if not value or value.isspace():
        raise PydanticCustomError("blank", "the text is empty or blank")
    return value


_NotBlank = AfterValidator(_not_blank)
_VISIBLE = {"pattern": NOT_BLANK}

Tekst = Annotated[str, Field(min_length=1, json_schema_extra=_VISIBLE), _NotBlank]
"""A text of our own that may not be blank. What others send has a maximum."""
Tekst40 = Annotated[str, Field(min_length=1, max_length=40, json_schema_extra=_VISIBLE), _NotBlank]
Tekst50 = Annotated[str, Field(min_length=1, max_length=50, json_schema_extra=_VISIBLE), _NotBlank]
Tekst80 = Annotated[str, Field(min_length=1, max_length=80, json_schema_extra=_VISIBLE), _NotBlank]
Tekst100 = Annotated[str, Field(min_length=1, max_length=100, json_schema_extra=_VISIBLE), _NotBlank]
Tekst200 = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=_VISIBLE), _NotBlank]
Tekst256 = Annotated[str, Field(min_length=1, max_length=256, json_schema_extra=_VISIBLE), _NotBlank]
"""An id or a name of another system. Amazon Connect's contact ids are the longest known: 256 characters."""

Ref = Tekst40
"""The name that a betrokkene has within one event."""

Nummer = Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]
"""A number that the register gives: at most ten digits, unique per kind."""
