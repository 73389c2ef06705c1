"""The CloudEvents 1.0 envelope, NL GOV profile 1.1: its attributes, and their place in a Kafka record.

In structured mode the value holds the whole event. In binary mode `ce_*` headers hold the attributes. Both are read.
"""

import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from schemas.types import Bericht, Tekst256, Timestamp

MAX_ATTRIBUTE = 256
"""The most characters of an attribute: attributes go into every output and every log."""

DATA_BASE64 = "data_base64"
"""The name under which CloudEvents' JSON format has `data` that is bytes, 3.1.1. A receiver must take it, 3.1.2."""

STRUCTURED = "application/cloudevents+json; charset=UTF-8"
"""The content type of the events that we write."""

URI = r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"
_URI = re.compile(URI)
_MEDIA = "[A-Za-z0-9!#$&^_.+-]+"
JSON = rf"^\s*{_MEDIA}/({_MEDIA}\+)?[jJ][sS][oO][nN]\s*(;.*)?$"
"""The content types that declare JSON by CloudEvents' JSON format, 3.1: `json` or `…+json`, of any type."""
_JSON = re.compile(JSON)
DATASCHEMA = "^urn:klantinteracties:schema:[a-z.]+:[^:]+$"
_DATASCHEMA = re.compile(DATASCHEMA)

TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_TRACEPARENT = re.compile(TRACEPARENT)

Header = tuple[str, bytes | None]
"""On the wire a header may have no value."""

Headers = Sequence[Header]


def _uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise PydanticCustomError("form", "a URI is needed, as in urn:nld:oin:<oin>:systeem:<naam>")
    return value


def _json(value: str) -> str:
    if not _JSON.fullmatch(value):
        raise PydanticCustomError("version", "only JSON is read: application/json, or a type that ends with +json")
    return value


Uri = Annotated[Tekst256, AfterValidator(_uri), Field(json_schema_extra={"format": "uri", "pattern": URI})]
JsonContentType = Annotated[
    str, Field(max_length=MAX_ATTRIBUTE), AfterValidator(_json), Field(json_schema_extra={"pattern": JSON})
]


class Envelope(Bericht):
    """The attributes of every event. Others are allowed and ignored. None may hold personal data."""

    specversion: Literal["1.0"]
    """The version of CloudEvents."""
    id: Tekst256
    """Identifies this event; a repeat has the same."""
    source: Uri
    """The system that publishes the event; recommended is `urn:nld:oin:<oin>:systeem:<naam>`."""
    time: Timestamp
    """When the event was written."""
    subject: Annotated[str, Field(max_length=MAX_ATTRIBUTE)] | None = None
    """The thing that the event is about; never personal data."""
    datacontenttype: JsonContentType | None = None
    """`application/json` or another type of JSON (`…+json`), with or without a charset."""
    dataschema: Annotated[str, Field(max_length=MAX_ATTRIBUTE)] | None = None
    traceparent: Any = None
    """W3C Trace Context; passed on when valid, else ignored. Without one the record's header of that name counts."""


def schema_urn(event: str, version: int) -> str:
    """Return the name of an event's schema, such as `urn:klantinteracties:schema:contact.ended:1`."""
    return f"urn:klantinteracties:schema:{event}:{version}"


def known_schema(event: str, version: int) -> AfterValidator:
    """Return a validator of `dataschema`: in our form it must name this event and version. Any other form passes."""
    known = schema_urn(event, version)

    def check(value: str) -> str:
        if value != known and _DATASCHEMA.fullmatch(value):
            raise PydanticCustomError("version", "this event or version of the schema is not known")
        return value

    return AfterValidator(check)


def known_schema_only(event: str, version: int) -> dict[str, JsonValue]:
    """Return the same rule in JSON Schema."""
    return {"anyOf": [{"const": schema_urn(event, version)}, {"not": {"pattern": DATASCHEMA}}]}


def trace_id(traceparent: str) -> str:
    """Return the id that a valid W3C traceparent shares with every service of one trace."""
    return traceparent.split("-")[1]


def valid_traceparent(value: object) -> str | None:
    """Return a W3C traceparent, or None for anything else: an attribute that we pass on must not hold a name."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def traceparent_in(headers: Headers) -> str | None:
    """Return the first valid traceparent that a tracing library put into the headers of a record."""
    for name, value in headers:
        if value is not None and name.lower() == "traceparent":
            found = valid_traceparent(value.decode("utf-8", "replace"))
            if found is not None:
                return found
    return None


def data_in(text: str) -> bytes | None:
    """Return the bytes of a `data_base64`, or None when it is no base64 of RFC 4648."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None


def attributes_size(headers: Headers) -> int:
    """Return the bytes of all attributes in headers."""
    return sum(len(name) + len(value or b"") for name, value in headers if _is_attribute(name))


def _is_attribute(name: str) -> bool:
    return name.lower().startswith("ce_")


def binary_attributes(headers: Headers) -> dict[str, Any] | None:
    """Return the attributes of a record in binary mode, or None for a record in structured mode."""
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


_REQUIRED = frozenset({"specversion", "id", "source", "type", "time"})
_OTHER_PREFIXES = ("ce-", "cloudevents:", "cloudevents_")
"""Before the names that attributes have in the bindings of HTTP and of AMQP."""
_OTHER_NAMES = frozenset(prefix + name for prefix in _OTHER_PREFIXES for name in _REQUIRED)
_NEVER_QUOTED = ("specversion", "source", "type", "time", "datacontenttype")


def has_other_names(headers: Headers) -> bool:
    """Whether headers hold attributes under the names that another protocol has for them."""
    return any(name.lower() in _OTHER_NAMES for name, _ in headers)


def attributes_under_any_name(headers: Headers) -> dict[str, str]:
    """Return the attributes in headers under our names and under those of other protocols, without quotes around them.

    For finding out whom a refused record is about: no contact is judged by them.
    """
    attributes: dict[str, str] = {}
    for prefixes in (_OTHER_PREFIXES, ("ce_",)):  # of two that differ, the one by the right name counts
        for name, value in headers:
            prefix = next((each for each in prefixes if name.lower().startswith(each)), None)
            if prefix is not None and value is not None:
                attributes[name.lower().removeprefix(prefix)] = value.decode("utf-8", "replace").strip('"')
    return attributes


def is_quoted(attributes: Mapping[str, Any]) -> bool:
    """Whether the attributes of binary mode stand in quotes, as JSON has them: in a header a text stands as it is."""
    return any(attributes.get(name, "").startswith('"') for name in _NEVER_QUOTED)


def has_none_of(tree: Mapping[str, Any]) -> bool:
    """Whether an object has none of the attributes that an event must have."""
    return tree.keys().isdisjoint(_REQUIRED)
