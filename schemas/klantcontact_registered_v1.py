"""`nl.klantinteracties.klantcontact.registered`, data, version 1: one onderwerp, with the data that may be kept."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.contact_ended_v1 import PartijIdentificator, Rol
from schemas.outputs import (
    Besluit,
    Contactgegevens,
    Counter,
    Hergebruik,
    Herkomst,
    Identificatie,
    IdentificatorKinds,
    Identifier,
    KlantcontactVerwijzing,
    Naam,
    OutputEnvelope,
    PartijResultaat,
    PartijVerwijzing,
)
from schemas.types import Bericht, Nummer, Tekst50, Tekst200, Timestamp
from schemas.vng import Actor, Objectidentificator, SoortPartij

TYPE = "nl.klantinteracties.klantcontact.registered"
VERSION = 1


class Klantcontact(Bericht):
    """The klantcontact itself: one onderwerp of a contact."""

    klantcontact_id: Identifier
    """UUIDv5 made of `source`, `contactId` and `onderwerpId`; the same in every revisie."""
    nummer: Nummer
    kanaal: Tekst50
    onderwerp: Tekst200
    inhoud: Annotated[str, Field(max_length=1000)] | None = None
    indicatie_contact_gelukt: bool | None
    """Null means unknown."""
    taal: Annotated[str, Field(pattern=r"^[a-z]{3}$")]
    vertrouwelijk: bool
    plaatsgevonden_op: Timestamp


class BetrokkeneBijKlantcontact(Naam, Contactgegevens):
    """Somebody who took part. Name and details are present only where a follow-up needs them."""

    betrokkene_id: Identifier
    rol: Rol
    """Never overig."""
    initiator: bool
    was_partij: PartijVerwijzing | None = None
    """Absent for a betrokkene that is not gekend."""


class WerkteVoorPartij(Naam):
    """The organisatie that a contactpersoon worked for at the time. It has a name only where the contactpersoon may."""

    partij_identificatoren: tuple[PartijIdentificator, ...] = ()


class Partij(Naam, Contactgegevens):
    """A partij after this decision. Name and details are those that this contact brings to it.

    A subscriber that keeps partijen lets the highest `versie` win, whatever the revisie of the event.
    """

    partij_id: Identifier
    """Given once, by the register."""
    versie: Counter
    """Counts the decisions about this partij."""
    geleegd_bij: Counter
    """The highest versie at which it was emptied; 0 if never. Details of a lower versie are gone."""
    nummer: Nummer
    soort_partij: SoortPartij
    resultaat: PartijResultaat
    toestemming: Hergebruik
    beperking: Literal[True] | None = None
    """Present while the processing of this partij is restricted (AVG 18): keep its details, and use them for nothing.
    When it is absent, the last `partij.changed` counts."""
    partij_identificatoren: tuple[PartijIdentificator, ...] = ()
    vervallen_identificatoren: IdentificatorKinds = ()
    """Kinds of identificator that only earlier revisies of this contact had linked, and that the partij has no more."""
    werkte_voor_partij: WerkteVoorPartij | None = None
    """Only for a contactpersoon."""
    identificatie: Identificatie


class Onderwerpobject(Bericht):
    """An object that the klantcontact was about: either an earlier klantcontact, or an object in some register."""

    was_klantcontact: KlantcontactVerwijzing | None = None
    onderwerpobjectidentificator: Objectidentificator | None = None


class KlantcontactRegistered(Bericht):
    """A klantcontact was registered, or registered anew after a correction."""

    klantcontact: Klantcontact
    actoren: tuple[Actor, ...]
    betrokkenen: tuple[BetrokkeneBijKlantcontact, ...]
    """The betrokkenen that the onderwerp concerns."""
    partijen: tuple[Partij, ...]
    """The partijen of these betrokkenen."""
    onderwerpobjecten: tuple[Onderwerpobject, ...]
    bijlagen: tuple[Objectidentificator, ...]
    besluit: Besluit
    herkomst: Herkomst


class KlantcontactRegisteredEvent(OutputEnvelope):
    """The whole event. `subject` is the klantcontactId."""

    type: Literal["nl.klantinteracties.klantcontact.registered"]
    dataschema: Literal["urn:klantinteracties:schema:klantcontact.registered:1"]
    data: KlantcontactRegistered
