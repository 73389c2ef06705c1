"""`nl.klantinteracties.taak.created`, data, version 1: an interne taak for the follow-up of a klantcontact."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.cloudevents import Envelope
from schemas.types import Bericht, Moment, Nummer, Tekst200
from schemas.outputs import Besluit, Herkomst, Identifier, KlantcontactVerwijzing
from schemas.vng import Actor

TYPE = "nl.klantinteracties.taak.created"
VERSION = 1


class InterneTaak(Bericht):
    """The interne taak (domain.md 1.8); waiting time counts from `plaatsgevondenOp` (VNG 8694)."""

    taak_id: Identifier
    nummer: Nummer
    gevraagde_handeling: Tekst200
    toelichting: Annotated[str, Field(max_length=1000)] | None = None
    status: Literal["te_verwerken"]
    toegewezen_op: Moment
    toegewezen_aan: Actor
    aanleidinggevend_klantcontact: KlantcontactVerwijzing
    plaatsgevonden_op: Moment


class TaakCreated(Bericht):
    """An interne taak was created, or described anew after a correction."""

    interne_taak: InterneTaak
    besluit: Besluit
    herkomst: Herkomst


class TaakCreatedEvent(Envelope):
    """The whole event."""

    type: Literal["nl.klantinteracties.taak.created"]
    dataschema: Literal["urn:klantinteracties:schema:taak.created:1"]
    data: TaakCreated
