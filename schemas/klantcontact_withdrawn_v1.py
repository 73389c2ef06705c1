"""`nl.klantinteracties.klantcontact.withdrawn`, data, version 1: a klantcontact is taken back, or moved elsewhere."""

from typing import Literal

from schemas.outputs import Besluit, Herkomst, Identifier, OutputEnvelope
from schemas.types import Bericht, Nummer

TYPE = "nl.klantinteracties.klantcontact.withdrawn"
VERSION = 1


class KlantcontactWithdrawn(Bericht):
    """A klantcontact is no more, or no more on this topic. No contents: whoever keeps it removes it."""

    klantcontact_id: Identifier
    nummer: Nummer
    verplaatst: bool
    """True: it goes on under the same id on the other topic, where this reader may not look."""
    besluit: Besluit
    herkomst: Herkomst


class KlantcontactWithdrawnEvent(OutputEnvelope):
    """The whole event. `subject` is the klantcontactId."""

    type: Literal["nl.klantinteracties.klantcontact.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:klantcontact.withdrawn:1"]
    data: KlantcontactWithdrawn
