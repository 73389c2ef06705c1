"""`nl.klantinteracties.taak.withdrawn`, data, version 1: an interne taak is withdrawn, or moved."""

from typing import Literal

from schemas.outputs import Besluit, Herkomst, Identifier, OutputEnvelope, Reden
from schemas.types import Bericht, Nummer

TYPE = "nl.klantinteracties.taak.withdrawn"
VERSION = 1


class TaakWithdrawn(Bericht):
    """An interne taak was withdrawn, or moved to the other topic of taken.

    The event has no contents: a subscriber removes what it kept.
    """

    taak_id: Identifier
    klantcontact_id: Identifier
    nummer: Nummer
    # Events of 0.1.0 lack it: no taak was ever moved.
    verplaatst: bool = False
    """True when it continues under the same id on the other topic, which this subscriber may have no right to read."""
    # Events of before lack it: nothing was withdrawn but by a correction.
    reden: Reden = Reden.CORRECTIE
    besluit: Besluit
    herkomst: Herkomst


class TaakWithdrawnEvent(OutputEnvelope):
    """The whole event. `subject` is the taakId."""

    type: Literal["nl.klantinteracties.taak.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:taak.withdrawn:1"]
    data: TaakWithdrawn
