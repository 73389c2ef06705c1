"""`nl.klantinteracties.partij.withdrawn`, data, version 1: what one contact had brought to a partij is taken back."""

from typing import Literal

from schemas.cloudevents import Envelope
from schemas.types import Bericht, Nummer
from schemas.outputs import Besluit, Herkomst, IdentificatorKinds, Identifier, IntrekkingResultaat, Counter

TYPE = "nl.klantinteracties.partij.withdrawn"
VERSION = 1


class PartijWithdrawn(Bericht):
    """No contents. `herkomst` names the contact whose details go; `vervallen`: no other contact knows the partij."""

    partij_id: Identifier
    nummer: Nummer
    versie: Counter
    geleegd_bij: Counter
    resultaat: IntrekkingResultaat
    vervallen_identificatoren: IdentificatorKinds = ()
    besluit: Besluit
    herkomst: Herkomst


class PartijWithdrawnEvent(Envelope):
    """The whole event."""

    type: Literal["nl.klantinteracties.partij.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:partij.withdrawn:1"]
    data: PartijWithdrawn
