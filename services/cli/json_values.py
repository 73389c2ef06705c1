"""Our frozen values as a program reads them: one JSON object each, names in camelCase as everywhere on the wire."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any


def json_value(value: object) -> Any:  # noqa: ANN401 - whatever JSON knows
    """Give a value, and all that it holds, as `json.dumps` takes it."""
    if is_dataclass(value):
        return {_camel(each.name): json_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    assert isinstance(value, Iterable), f"JSON has no {type(value).__name__}"
    return [json_value(each) for each in value]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
