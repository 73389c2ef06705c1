"""`nl.klantinteracties.klantcontact.withdrawn`, data, version 1: a klantcontact is taken back, or moved to another topic."""

from typing import Literal

from schemas.cloudevents import Envelope
from schemas.types import Bericht, Nummer
from schemas.outputs import Besluit, Herkomst, Identifier

TYPE = "nl.klantinteracties.klantcontact.withdrawn"
VERSION = 1


class KlantcontactWithdrawn(Bericht):
    """No contents. `verplaatst`: it goes on under the same id on the other topic, where this reader may not look."""

    klantcontact_id: Identifier
    nummer: Nummer
    verplaatst: bool
    besluit: Besluit
    herkomst: Herkomst


class KlantcontactWithdrawnEvent(Envelope):
    """The whole event."""

    type: Literal["nl.klantinteracties.klantcontact.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:klantcontact.withdrawn:1"]
    data: KlantcontactWithdrawn
