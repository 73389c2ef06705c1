"""The CloudEvents 1.0 envelope, NL GOV profile 1.1: its attributes, and how they lie in a Kafka record.

Structured mode puts the whole event in the value; binary mode puts attributes in `ce_*` headers. Both are read.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from schemas.types import Bericht, Tekst, Timestamp

STRUCTURED = "application/cloudevents+json; charset=UTF-8"
"""The content type of what we write."""

URI = r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"
_URI = re.compile(URI)
JSON = r"^\s*[aA][pP][pP][lL][iI][cC][aA][tT][iI][oO][nN]/[jJ][sS][oO][nN]\s*(;.*)?$"
_JSON = re.compile(JSON)
DATASCHEMA = "^urn:klantinteracties:schema:[a-z.]+:[^:]+$"
_DATASCHEMA = re.compile(DATASCHEMA)

TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_TRACEPARENT = re.compile(TRACEPARENT)

Header = tuple[str, bytes | None]
"""A header's value may be absent on the wire."""

Headers = Sequence[Header]


def _uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise PydanticCustomError("form", "a URI is needed, as in urn:nld:oin:<oin>:systeem:<naam>")
    return value


def _json(value: str) -> str:
    if not _JSON.fullmatch(value):
        raise PydanticCustomError("version", "only application/json is read")
    return value


Uri = Annotated[Tekst, AfterValidator(_uri), Field(json_schema_extra={"format": "uri", "pattern": URI})]
JsonContentType = Annotated[str, AfterValidator(_json), Field(json_schema_extra={"pattern": JSON})]


class Envelope(Bericht):
    """The attributes that every event has; others are allowed and ignored. None may hold anything personal."""

    specversion: Literal["1.0"]
    """The version of CloudEvents."""
    id: Tekst
    """Names this event; a repeat has the same."""
    source: Uri
    """Who speaks; recommended is `urn:nld:oin:<oin>:systeem:<naam>`."""
    time: Timestamp
    """When the event was written."""
    subject: str | None = None
    """What the event is about; never anything personal."""
    datacontenttype: JsonContentType | None = None
    """`application/json`, with or without a charset."""
    dataschema: str | None = None
    traceparent: Any = None
    """W3C Trace Context; carried on when it is valid, else ignored."""


def schema_urn(event: str, version: int) -> str:
    """Name the schema of an event, such as `urn:klantinteracties:schema:contact.ended:1`."""
    return f"urn:klantinteracties:schema:{event}:{version}"


def known_schema(event: str, version: int) -> AfterValidator:
    """Refuse a `dataschema` of ours that names another event or version; another form says nothing to us."""
    known = schema_urn(event, version)

    def check(value: str) -> str:
        if value != known and _DATASCHEMA.fullmatch(value):
            raise PydanticCustomError("version", "this event or version of the schema is not known")
        return value

    return AfterValidator(check)


def known_schema_only(event: str, version: int) -> dict[str, JsonValue]:
    """Say the same as a rule of JSON Schema."""
    return {"anyOf": [{"const": schema_urn(event, version)}, {"not": {"pattern": DATASCHEMA}}]}


def trace_id(traceparent: str) -> str:
    """Return the id that a valid W3C traceparent shares with every service of one trace."""
    return traceparent.split("-")[1]


def valid_traceparent(value: object) -> str | None:
    """Give a W3C traceparent, or None for anything else: what is carried on must not be able to hold a name."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def attributes_size(headers: Headers) -> int:
    """Give the bytes of all attributes that stand in headers."""
    return sum(len(name) + len(value or b"") for name, value in headers if _is_attribute(name))


def _is_attribute(name: str) -> bool:
    return name.lower().startswith("ce_")


def binary_attributes(headers: Headers) -> dict[str, Any] | None:
    """Give the attributes of a record in binary mode, or None when the record is in structured mode."""
    if not any(_is_attribute(name) for name, _ in headers):
        return None
    attributes: dict[str, Any] = {}
    for name, value in headers:
        if value is None:
            continue
        text = value.decode("utf-8", "replace")
        if _is_attribute(name):
            attributes[name.lower().removeprefix("ce_")] = text
        elif name.lower() == "content-type":
            if text.lower().startswith("application/cloudevents"):
                return None
            attributes["datacontenttype"] = text
    return attributes
