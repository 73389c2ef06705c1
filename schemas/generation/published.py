"""The events of the contract, in the order in which they are described."""

from types import ModuleType

from schemas import (
    consent_changed_v1,
    contact_ended_v1,
    klantcontact_registered_v1,
    klantcontact_withdrawn_v1,
    partij_changed_v1,
    partij_withdrawn_v1,
    taak_created_v1,
    taak_withdrawn_v1,
)
from schemas.cloudevents import Envelope, schema_urn
from schemas.types import Bericht
from schemas.values import value_class

_TYPE_PREFIX = "nl.klantinteracties."


@value_class(frozen=True, slots=True)
class PublishedEvent:
    """One version of one event."""

    module: ModuleType
    event: type[Envelope]
    data: type[Bericht]
    is_input: bool = False

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return str(self.module.TYPE)

    @property
    def name(self) -> str:
        """The type without the common prefix."""
        return self.type.removeprefix(_TYPE_PREFIX)

    @property
    def version(self) -> int:
        """The version of the schema of its data."""
        return int(self.module.VERSION)

    @property
    def urn(self) -> str:
        """The name of the schema of its data, as in `dataschema`."""
        return schema_urn(self.name, self.version)

    @property
    def data_file(self) -> str:
        """The file of the schema of its data."""
        return f"{self.name}.{self.version}.json"

    @property
    def event_file(self) -> str:
        """The file of the schema of the whole event in structured mode."""
        return f"{self.name}.{self.version}.event.json"


CONTACT_ENDED = PublishedEvent(
    contact_ended_v1, contact_ended_v1.ContactEndedEvent, contact_ended_v1.ContactEnded, is_input=True
)
CONSENT_CHANGED = PublishedEvent(
    consent_changed_v1,
    consent_changed_v1.ToestemmingGewijzigdEvent,
    consent_changed_v1.ToestemmingGewijzigd,
    is_input=True,
)
KLANTCONTACT_REGISTERED = PublishedEvent(
    klantcontact_registered_v1,
    klantcontact_registered_v1.KlantcontactRegisteredEvent,
    klantcontact_registered_v1.KlantcontactRegistered,
)
KLANTCONTACT_WITHDRAWN = PublishedEvent(
    klantcontact_withdrawn_v1,
    klantcontact_withdrawn_v1.KlantcontactWithdrawnEvent,
    klantcontact_withdrawn_v1.KlantcontactWithdrawn,
)
TAAK_CREATED = PublishedEvent(taak_created_v1, taak_created_v1.TaakCreatedEvent, taak_created_v1.TaakCreated)
TAAK_WITHDRAWN = PublishedEvent(
    taak_withdrawn_v1, taak_withdrawn_v1.TaakWithdrawnEvent, taak_withdrawn_v1.TaakWithdrawn
)
PARTIJ_WITHDRAWN = PublishedEvent(
    partij_withdrawn_v1, partij_withdrawn_v1.PartijWithdrawnEvent, partij_withdrawn_v1.PartijWithdrawn
)
PARTIJ_CHANGED = PublishedEvent(
    partij_changed_v1, partij_changed_v1.PartijChangedEvent, partij_changed_v1.PartijChanged
)

EVENTS = (
    CONTACT_ENDED,
    CONSENT_CHANGED,
    KLANTCONTACT_REGISTERED,
    KLANTCONTACT_WITHDRAWN,
    TAAK_CREATED,
    TAAK_WITHDRAWN,
    PARTIJ_WITHDRAWN,
    PARTIJ_CHANGED,
)
