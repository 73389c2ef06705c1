"""`nl.klantinteracties.klantcontact.registered`, data, version 1: one onderwerp, and what may be kept of it."""

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
    """UUIDv5 of what the contact and its onderwerp are called; the same in every revisie."""
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
    """Somebody who took part; name and details are there only where they serve a follow-up."""

    betrokkene_id: Identifier
    rol: Rol
    """Never overig."""
    initiator: bool
    was_partij: PartijVerwijzing | None = None
    """Absent for who is not gekend."""


class WerkteVoorPartij(Naam):
    """The organisatie that a contactpersoon worked for at the time; named only where the contactpersoon may be."""

    partij_identificatoren: tuple[PartijIdentificator, ...] = ()


class Partij(Naam, Contactgegevens):
    """A partij after this decision. Name and details are those that this contact brings to it.

    Who keeps partijen lets the higher `versie` win, whatever the revisie of the event.
    """

    partij_id: Identifier
    """Given once by the register."""
    versie: Counter
    """Counts the decisions about this partij."""
    geleegd_bij: Counter
    """The highest versie at which it was emptied; 0: never. Details of a lower versie are gone."""
    nummer: Nummer
    soort_partij: SoortPartij
    resultaat: PartijResultaat
    toestemming: Hergebruik
    partij_identificatoren: tuple[PartijIdentificator, ...] = ()
    vervallen_identificatoren: IdentificatorKinds = ()
    """Kinds of identificator that an earlier revisie of this contact had linked, and nobody else."""
    werkte_voor_partij: WerkteVoorPartij | None = None
    """Of a contactpersoon."""
    identificatie: Identificatie


class Onderwerpobject(Bericht):
    """What the klantcontact was about: an earlier klantcontact, or an object in some register; one of the two."""

    was_klantcontact: KlantcontactVerwijzing | None = None
    onderwerpobjectidentificator: Objectidentificator | None = None


class KlantcontactRegistered(Bericht):
    """A klantcontact was registered, or registered anew after a correction."""

    klantcontact: Klantcontact
    actoren: tuple[Actor, ...]
    betrokkenen: tuple[BetrokkeneBijKlantcontact, ...]
    """Those whom the onderwerp concerns."""
    partijen: tuple[Partij, ...]
    """Those of the betrokkenen."""
    onderwerpobjecten: tuple[Onderwerpobject, ...]
    bijlagen: tuple[Objectidentificator, ...]
    besluit: Besluit
    herkomst: Herkomst


class KlantcontactRegisteredEvent(OutputEnvelope):
    """The whole event. `subject` is the klantcontactId."""

    type: Literal["nl.klantinteracties.klantcontact.registered"]
    dataschema: Literal["urn:klantinteracties:schema:klantcontact.registered:1"]
    data: KlantcontactRegistered
