"""How what is on the wire becomes a MongoDB document, and how a document that others may have added to is amended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Amendment:
    """What to change in a document that is there: fields (dotted paths) to set and to take away; others stay."""

    set: Document
    unset: tuple[str, ...] = field(default=())


def plain(message: BaseModel) -> Document:
    """Give a message as a document: camelCase, what is absent left out."""
    # What `model_dump` calls, without its cost: this runs for every event.
    document: Document = message.__pydantic_serializer__.to_python(message, by_alias=True, exclude_none=True)
    return document


def milliseconds(moment: datetime) -> datetime:
    """Give the moment as BSON keeps it, so that what was read back compares as what was written."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def present(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Leave out what has no content."""
    return ((name, value) for name, value in items if value)
