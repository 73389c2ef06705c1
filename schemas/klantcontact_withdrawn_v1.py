"""`nl.klantinteracties.klantcontact.withdrawn`, data, version 1: a klantcontact is withdrawn, or moved."""

from typing import Literal

from schemas.outputs import Besluit, Herkomst, Identifier, OutputEnvelope, Reden
from schemas.types import Bericht, Nummer

TYPE = "nl.klantinteracties.klantcontact.withdrawn"
VERSION = 1


class KlantcontactWithdrawn(Bericht):
    """A klantcontact was withdrawn, or moved to the other topic.

    The event has no contents: a subscriber removes what it kept.
    """

    klantcontact_id: Identifier
    nummer: Nummer
    verplaatst: bool
    """True when it continues under the same id on the other topic, which this subscriber may have no right to read."""
    # Events of before lack it: nothing was withdrawn but by a correction.
    reden: Reden = Reden.CORRECTIE
    besluit: Besluit
    herkomst: Herkomst


class KlantcontactWithdrawnEvent(OutputEnvelope):
    """The whole event. `subject` is the klantcontactId."""

    type: Literal["nl.klantinteracties.klantcontact.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:klantcontact.withdrawn:1"]
    data: KlantcontactWithdrawn
