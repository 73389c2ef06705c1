"""Answers as JSON on stdout, for a program.

Our frozen values are objects whose names are in camelCase, as everywhere on the wire.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

import orjson

_FORM: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS


def print_json(answer: object, *, spread: bool = False) -> None:
    """Write one answer to stdout as one line of JSON; `spread` lays it out over several lines for a person."""
    write_json_line(answer, spread=spread)
    sys.stdout.flush()


def write_json_line(value: object, *, spread: bool = False) -> None:
    """Write one value of many to stdout, compact and in UTF-8. It may stay in the buffer."""
    try:
        line = orjson.dumps(value, default=json_value, option=_FORM | (orjson.OPT_INDENT_2 if spread else 0))
    except orjson.JSONEncodeError:  # half of a surrogate pair: JSON has it only as an escape
        plain = json_value(value)
        line = json.dumps(plain, indent=2).encode() if spread else json.dumps(plain, separators=(",", ":")).encode()
    sys.stdout.buffer.write(line + b"\n")


def json_value(value: object) -> Any:  # noqa: ANN401 - what JSON has
    """Return a value, and all that it holds, as JSON has it. The keys of a mapping stay as they are."""
    if is_dataclass(value):
        return {_camel(each.name): json_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    assert isinstance(value, Iterable), f"JSON has no {type(value).__name__}"
    return [json_value(each) for each in value]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
