"""`nl.klantinteracties.taak.created`, data, version 1: an interne taak for the follow-up of a klantcontact."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.outputs import Besluit, Herkomst, Identifier, KlantcontactVerwijzing, OutputEnvelope
from schemas.types import Bericht, Nummer, Tekst200, Timestamp
from schemas.vng import Actor

TYPE = "nl.klantinteracties.taak.created"
VERSION = 1


class InterneTaak(Bericht):
    """The interne taak."""

    taak_id: Identifier
    """UUIDv5 made of `source`, `contactId` and `onderwerpId`; the same in every revisie."""
    nummer: Nummer
    gevraagde_handeling: Tekst200
    toelichting: Annotated[str, Field(max_length=1000)] | None = None
    status: Literal["te_verwerken"]
    # Events of 0.1.0 lack it, and all lie on the ordinary topic.
    vertrouwelijk: bool = False
    """Whether the klantcontact is confidential. Then the taak is on the confidential topic of taken only."""
    toegewezen_op: Timestamp
    """The moment of the decision."""
    toegewezen_aan: Actor
    aanleidinggevend_klantcontact: KlantcontactVerwijzing
    plaatsgevonden_op: Timestamp
    """The moment of the contact. Waiting time counts from here (VNG 8694)."""


class TaakCreated(Bericht):
    """An interne taak was created, or described anew after a correction."""

    interne_taak: InterneTaak
    besluit: Besluit
    herkomst: Herkomst


class TaakCreatedEvent(OutputEnvelope):
    """The whole event. `subject` is the taakId."""

    type: Literal["nl.klantinteracties.taak.created"]
    dataschema: Literal["urn:klantinteracties:schema:taak.created:1"]
    data: TaakCreated
