"""`nl.klantinteracties.taak.withdrawn`, data, version 1: an interne taak is taken back."""

from typing import Literal

from schemas.cloudevents import Envelope
from schemas.types import Bericht, Nummer
from schemas.outputs import Besluit, Herkomst, Identifier

TYPE = "nl.klantinteracties.taak.withdrawn"
VERSION = 1


class TaakWithdrawn(Bericht):
    """No contents: the ids alone."""

    taak_id: Identifier
    klantcontact_id: Identifier
    nummer: Nummer
    besluit: Besluit
    herkomst: Herkomst


class TaakWithdrawnEvent(Envelope):
    """The whole event."""

    type: Literal["nl.klantinteracties.taak.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:taak.withdrawn:1"]
    data: TaakWithdrawn
