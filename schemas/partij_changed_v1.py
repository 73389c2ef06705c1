"""`nl.klantinteracties.partij.changed`, data, version 1: what counts for a partij changed, outside a contact."""

from typing import Literal

from schemas.outputs import BesluitOverPartij, Counter, Hergebruik, Identifier, OutputEnvelope, PartijHerkomst
from schemas.types import Bericht, Nummer

TYPE = "nl.klantinteracties.partij.changed"
VERSION = 1


class PartijChanged(Bericht):
    """Consent to reuse was given outside a contact, or the processing of a partij was restricted or set free again.

    The event has no contents, and brings no details. A subscriber lets the highest `versie` win.
    """

    partij_id: Identifier
    nummer: Nummer
    versie: Counter
    """Counts the decisions about this partij."""
    geleegd_bij: Counter
    """The highest versie at which it was emptied; 0 if never. Details of a lower versie are gone."""
    toestemming: Hergebruik
    beperking: bool
    """Whether the processing of this partij is restricted (AVG 18): keep its details, and use them for nothing."""
    besluit: BesluitOverPartij
    herkomst: PartijHerkomst


class PartijChangedEvent(OutputEnvelope):
    """The whole event. `subject` is the partijId."""

    type: Literal["nl.klantinteracties.partij.changed"]
    dataschema: Literal["urn:klantinteracties:schema:partij.changed:1"]
    data: PartijChanged
