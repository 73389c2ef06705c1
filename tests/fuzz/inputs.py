"""What the fuzzer's bytes mean: a few records of one partition, written as JSON so that a mutator can change a part.

A step is one record: `{"event": {…}, "mode": "binary", "headers": [["name", "value"]], "key": "…", "asks": "again"}`,
or `{"raw": "…"}` for any bytes. Bytes stand as Latin-1 texts. An input that is no list of steps is the value of one
record.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.cloudevents import DATA_BASE64, Header

Step = dict[str, Any]

MODES: Final = ("structured", "utf-8", "binary", "base64")
"""JSON with escapes, JSON in UTF-8, attributes in headers, and data in base64."""

REQUESTS: Final = ("again by the record", "again by the register", "publish again")
"""What an operator's copy can ask."""

TOGETHER: Final = "together"
"""In the first step: all records are one batch."""

MOST_STEPS: Final = 4
"""Records of one input: enough for a contact, its correction, a repeat and a request."""


@dataclass(frozen=True)
class Arriving:
    """A record as it is put into Kafka."""

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    asks: str | None = None


def steps_of(data: bytes) -> list[Step]:
    """Return the steps of an input."""
    try:
        steps = json.loads(data.decode("latin-1"))
    except (ValueError, RecursionError):
        steps = None
    if isinstance(steps, list) and steps and all(isinstance(each, dict) for each in steps):
        return steps[:MOST_STEPS]
    return [{"raw": data.decode("latin-1")}]


def input_of(steps: list[Step]) -> bytes:
    """Return the input of some steps: in ASCII, so that each step reads back as it is."""
    return json.dumps(steps, separators=(",", ":")).encode()


def arriving(step: Step) -> Arriving:
    """Return the record of a step. A part that has no sense counts as absent."""
    headers = _headers(step.get("headers"))
    value: bytes | None
    if "event" in step:
        value, more = _written(step["event"], step.get("mode"))
        headers = (*more, *headers)
    else:
        value = as_bytes(step.get("raw"))
    asks = step.get("asks")
    return Arriving(as_bytes(step.get("key", "klant-1")), value, headers, asks if asks in REQUESTS else None)


def _written(event: Any, mode: object) -> tuple[bytes, tuple[Header, ...]]:  # noqa: ANN401 - JSON
    if mode == "utf-8":
        return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass"), ()
    if isinstance(event, dict) and "data" in event:
        attributes = {name: value for name, value in event.items() if name != "data"}
        data = json.dumps(event["data"]).encode()
        if mode == "binary":
            return data, tuple((_text(f"ce_{name}"), _plain(value)) for name, value in attributes.items())
        if mode == "base64":
            return json.dumps({**attributes, DATA_BASE64: base64.b64encode(data).decode()}).encode(), ()
    return json.dumps(event).encode(), ()


def _plain(value: object) -> bytes | None:
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")


def _headers(given: object) -> tuple[Header, ...]:
    pairs = given if isinstance(given, list) else []
    return tuple(
        (_text(each[0]), as_bytes(each[1]))
        for each in pairs
        if isinstance(each, list) and len(each) == 2 and isinstance(each[0], str)
    )


def _text(name: str) -> str:
    """Return a header's name as the consumer gives it: half of a surrogate pair can't be on the wire."""
    return name.encode("utf-8", "replace").decode()


def as_bytes(text: object) -> bytes | None:
    """Return the bytes that a Latin-1 text stands for."""
    return text.encode("latin-1", "replace") if isinstance(text, str) else None


def is_mapping_with(step: object, name: str) -> bool:
    """Whether a step has an object under this name."""
    return isinstance(step, Mapping) and isinstance(step.get(name), dict)
