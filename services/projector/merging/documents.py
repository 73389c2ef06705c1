"""How what is on the wire becomes a MongoDB document, and how a document that others may have added to is amended."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from schemas.values import value_class

ProjectedDocument = dict[str, Any]


@value_class(frozen=True, slots=True)
class Amendment:
    """What to change in a document that is there: fields (dotted paths) to set and to take away; others stay."""

    set: ProjectedDocument
    unset: tuple[str, ...] = ()


def plain(message: BaseModel, *, without: set[str] | None = None) -> ProjectedDocument:
    """Give a message as a document: camelCase, what is absent left out, and the fields named in `without` as well."""
    # What `model_dump` calls, without its cost: this runs for every event.
    document: ProjectedDocument = message.__pydantic_serializer__.to_python(
        message, by_alias=True, exclude_none=True, exclude=without
    )
    return document


def milliseconds(moment: datetime) -> datetime:
    """Give the moment as BSON keeps it, so that what was read back compares as what was written."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
