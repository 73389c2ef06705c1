"""The CloudEvents 1.0 envelope, NL GOV profile 1.1: its attributes, and how they lie in a Kafka record.

Structured mode puts the whole event in the value; binary mode puts attributes in `ce_*` headers. Both are read.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from schemas.types import Bericht, Moment, Tekst

STRUCTURED = "application/cloudevents+json; charset=UTF-8"
"""The content type of what we write."""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_JSON = re.compile(r"\s*application/json\s*(;.*)?", re.IGNORECASE)
_DATASCHEMA = re.compile(r"urn:klantinteracties:schema:(?P<event>[a-z.]+):(?P<version>[^:]+)")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Headers = Sequence[tuple[str, bytes]]


def _uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise PydanticCustomError("form", "a URI is needed, as in urn:nld:oin:<oin>:systeem:<naam>")
    return value


def _json(value: str) -> str:
    if not _JSON.fullmatch(value):
        raise PydanticCustomError("version", "only application/json is read")
    return value


Uri = Annotated[Tekst, AfterValidator(_uri), Field(json_schema_extra={"format": "uri"})]
JsonContentType = Annotated[str, AfterValidator(_json)]


class EnvelopeTime(Bericht):
    """The moment at which an event was written."""

    time: Moment


class Envelope(EnvelopeTime):
    """The attributes that every event has; further attributes are allowed and ignored."""

    specversion: Literal["1.0"]
    id: Tekst
    source: Uri
    subject: str | None = None
    datacontenttype: JsonContentType | None = None
    dataschema: str | None = None
    traceparent: Any = None


def schema_urn(event: str, version: int) -> str:
    """Name the schema of an event, such as `urn:klantinteracties:schema:contact.ended:1`."""
    return f"urn:klantinteracties:schema:{event}:{version}"


def known_schema(event: str, version: int) -> AfterValidator:
    """Refuse a `dataschema` of ours that names another event or version; another form says nothing to us."""

    def check(value: str) -> str:
        named = _DATASCHEMA.fullmatch(value)
        if named and (named["event"], named["version"]) != (event, str(version)):
            raise PydanticCustomError("version", "this event or version of the schema is not known")
        return value

    return AfterValidator(check)


def valid_traceparent(value: object) -> str | None:
    """Give a W3C traceparent, or None for anything else: what is carried on must not be able to hold a name."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def binary_attributes(headers: Headers) -> dict[str, Any] | None:
    """Give the attributes of a record in binary mode, or None when the record is in structured mode."""
    if not any(name.lower().startswith("ce_") for name, _ in headers):
        return None
    attributes: dict[str, Any] = {}
    for name, value in headers:
        text = (value or b"").decode("utf-8", "replace")
        if name.lower().startswith("ce_"):
            attributes[name.lower().removeprefix("ce_")] = text
        elif name.lower() == "content-type":
            if text.lower().startswith("application/cloudevents"):
                return None
            attributes["datacontenttype"] = text
    return attributes
