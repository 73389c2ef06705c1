"""Reads the value of a record as an event.

The envelope is validated. The register is built from the data alone, which has the origin in its `herkomst`.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from schemas.klantcontact_registered_v1 import KlantcontactRegistered, KlantcontactRegisteredEvent
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn, KlantcontactWithdrawnEvent
from schemas.partij_withdrawn_v1 import PartijWithdrawn, PartijWithdrawnEvent
from schemas.taak_created_v1 import TaakCreated, TaakCreatedEvent
from schemas.taak_withdrawn_v1 import TaakWithdrawn, TaakWithdrawnEvent
from services.projector.errors import Unreadable

Fact = KlantcontactRegistered | KlantcontactWithdrawn | TaakCreated | TaakWithdrawn | PartijWithdrawn

OutputEvent = (
    KlantcontactRegisteredEvent
    | KlantcontactWithdrawnEvent
    | TaakCreatedEvent
    | TaakWithdrawnEvent
    | PartijWithdrawnEvent
)

_EVENTS: TypeAdapter[OutputEvent] = TypeAdapter(Annotated[OutputEvent, Field(discriminator="type")])

MAX_REASONS = 10
"""The most errors of one event that are named: enough to see the mistake, few enough for one log line."""


def read(value: bytes | None) -> OutputEvent:
    """Return the event in a record's value, which the classifier writes in structured mode.

    Raises Unreadable for anything else, including a type or schema version that this release does not know.
    """
    if value is None:
        raise Unreadable(["no value"])
    try:
        return _EVENTS.validate_json(value)
    except ValidationError as error:
        raise Unreadable(_reasons(error)) from None  # the text of the cause holds values


def _reasons(error: ValidationError) -> list[str]:
    faults = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_REASONS]
    return [f"{'.'.join(map(str, fault['loc'])) or 'event'}: {fault['type']}" for fault in faults]
