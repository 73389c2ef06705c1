"""`nl.klantinteracties.partij.withdrawn`, data, version 1: one contact no longer brings anything to a partij.

Or its klant withdrew consent, and it was emptied.
"""

from typing import Literal

from schemas.outputs import (
    BesluitOverPartij,
    Counter,
    IdentificatorKinds,
    Identifier,
    IntrekkingResultaat,
    OutputEnvelope,
    PartijHerkomst,
    Reden,
)
from schemas.types import Bericht, Nummer

TYPE = "nl.klantinteracties.partij.withdrawn"
VERSION = 1


class PartijWithdrawn(Bericht):
    """The contact in `herkomst` no longer brings anything to a partij, or a change outside a contact emptied it.

    The event has no contents: a subscriber removes what that contact had brought, and all details when it is leeg.
    """

    partij_id: Identifier
    nummer: Nummer
    versie: Counter
    """Counts the decisions about this partij."""
    geleegd_bij: Counter
    """The highest versie at which it was emptied; 0 if never. Details of a lower versie are gone."""
    resultaat: IntrekkingResultaat
    """Vervallen: no other contact knows the partij. Leeg: no effective consent remains."""
    vervallen_identificatoren: IdentificatorKinds = ()
    """Kinds of identificator that only this contact had linked, in any revisie, and that the partij has no more."""
    # Events of before lack it: nothing was withdrawn but by a correction.
    reden: Reden = Reden.CORRECTIE
    besluit: BesluitOverPartij
    herkomst: PartijHerkomst


class PartijWithdrawnEvent(OutputEnvelope):
    """The whole event. `subject` is the partijId."""

    type: Literal["nl.klantinteracties.partij.withdrawn"]
    dataschema: Literal["urn:klantinteracties:schema:partij.withdrawn:1"]
    data: PartijWithdrawn
