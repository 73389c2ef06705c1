"""Reads the value of a record as an event of our classifier, and tells what is not ours from what is broken.

The envelope is validated. The register is built from the data alone, which has the origin in its `herkomst`.
"""

from datetime import datetime
from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from schemas.klantcontact_registered_v1 import KlantcontactRegisteredEvent
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawnEvent
from schemas.partij_changed_v1 import PartijChangedEvent
from schemas.partij_withdrawn_v1 import PartijWithdrawnEvent
from schemas.taak_created_v1 import TaakCreatedEvent
from schemas.taak_withdrawn_v1 import TaakWithdrawnEvent
from schemas.types import Bericht
from schemas.values import value_class
from services.projector.errors import Foreign, ForeignReason, Unreadable
from services.projector.plain_reader import plain_reader

EventModel = (
    KlantcontactRegisteredEvent
    | KlantcontactWithdrawnEvent
    | TaakCreatedEvent
    | TaakWithdrawnEvent
    | PartijWithdrawnEvent
    | PartijChangedEvent
)

Data = dict[str, Any]
"""The data of an event as it is on the wire, moments excepted."""


@value_class(frozen=True, slots=True)
class Fact:
    """What an event says. `model` describes its data."""

    model: type[Bericht]
    data: Data


@value_class(frozen=True, slots=True)
class OutputEvent:
    """An event of our classifier."""

    fact: Fact
    time: datetime
    subject: str
    traceparent: str | None


_MODELS: Final[TypeAdapter[EventModel]] = TypeAdapter(Annotated[EventModel, Field(discriminator="type")])
_READER: Final = plain_reader(_MODELS)

_DATA_MODELS: Final[dict[str, type[Bericht]]] = {
    get_args(each.model_fields["type"].annotation)[0]: each.model_fields["data"].annotation
    for each in get_args(EventModel)
}

TYPES: Final = frozenset(_DATA_MODELS)
"""The types that the classifier publishes."""

MAX_REASONS = 10
"""The most errors of one event that are named: enough to see the mistake, few enough for one log line."""


def read(value: bytes | None, own_sources: frozenset[str]) -> OutputEvent:
    """Return the event in a record's value, which the classifier writes in structured mode.

    Raises Foreign for what the classifier did not write: no JSON, another type, another source. Raises Unreadable for
    an event of ours whose form, or version of the schema, this release does not know.
    """
    if value is None:
        raise Foreign(ForeignReason.NO_VALUE)
    try:
        event = _READER.validate_json(value)
    except Exception as error:
        if reason := _foreign(value, own_sources):
            raise Foreign(reason) from None
        if isinstance(error, ValidationError):
            raise Unreadable(_reasons(error)) from None  # the text of the cause holds values
        raise
    if event["source"] not in own_sources:
        raise Foreign(ForeignReason.OTHER_SOURCE)
    fact = Fact(_DATA_MODELS[event["type"]], event["data"])
    return OutputEvent(fact, event["time"], event["subject"], event.get("traceparent"))


def _foreign(value: bytes, own_sources: frozenset[str]) -> ForeignReason | None:
    """Return what shows that a value is not ours, or None. Only a value that does not validate is read for it."""
    try:
        found = from_json(value)
    except ValueError:
        return ForeignReason.NO_JSON
    if not isinstance(found, dict) or not _is_one_of(TYPES, found.get("type")):
        return ForeignReason.OTHER_TYPE
    return None if _is_one_of(own_sources, found.get("source")) else ForeignReason.OTHER_SOURCE


def _is_one_of(known: frozenset[str], found: object) -> bool:
    return isinstance(found, str) and found in known


def _reasons(error: ValidationError) -> list[str]:
    faults = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_REASONS]
    return [f"{'.'.join(map(str, fault['loc'])) or 'event'}: {fault['type']}" for fault in faults]
