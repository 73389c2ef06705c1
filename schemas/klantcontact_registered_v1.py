"""`nl.klantinteracties.klantcontact.registered`, data, version 1: one onderwerp of a contact, and what may be kept of it."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.cloudevents import Envelope
from schemas.contact_ended_v1 import PartijIdentificator, Rol
from schemas.types import Bericht, Moment, Nummer, Tekst50, Tekst200
from schemas.outputs import (
    Besluit,
    Contactgegevens,
    Hergebruik,
    Herkomst,
    Identificatie,
    IdentificatorKinds,
    Identifier,
    KlantcontactVerwijzing,
    Naam,
    PartijResultaat,
    PartijVerwijzing,
    Counter,
)
from schemas.vng import Actor, Objectidentificator, SoortPartij

TYPE = "nl.klantinteracties.klantcontact.registered"
VERSION = 1


class Klantcontact(Bericht):
    """The klantcontact itself (domain.md 1.1); `indicatieContactGelukt` null means unknown."""

    klantcontact_id: Identifier
    nummer: Nummer
    kanaal: Tekst50
    onderwerp: Tekst200
    inhoud: Annotated[str, Field(max_length=1000)] | None = None
    indicatie_contact_gelukt: bool | None
    taal: Annotated[str, Field(pattern=r"^[a-z]{3}$")]
    vertrouwelijk: bool
    plaatsgevonden_op: Moment


class BetrokkeneBijKlantcontact(Naam, Contactgegevens):
    """Somebody who took part (domain.md 1.2); name and details only where they serve a follow-up."""

    betrokkene_id: Identifier
    rol: Rol
    initiator: bool
    was_partij: PartijVerwijzing | None = None


class WerkteVoorPartij(Naam):
    """The organisatie that a contactpersoon worked for at the time; its name only where the contactpersoon's may be kept."""

    partij_identificatoren: tuple[PartijIdentificator, ...] = ()


class Partij(Naam, Contactgegevens):
    """A partij after this decision (domain.md 1.3); `versie` counts the decisions about it, `geleegdBij` the last emptying.

    Details are those that this contact brings; `vervallenIdentificatoren` are kinds that a correction takes back.
    """

    partij_id: Identifier
    versie: Counter
    geleegd_bij: Counter
    nummer: Nummer
    soort_partij: SoortPartij
    resultaat: PartijResultaat
    toestemming: Hergebruik
    partij_identificatoren: tuple[PartijIdentificator, ...] = ()
    vervallen_identificatoren: IdentificatorKinds = ()
    werkte_voor_partij: WerkteVoorPartij | None = None
    identificatie: Identificatie


class Onderwerpobject(Bericht):
    """What the klantcontact was about: an earlier klantcontact, or an object in some register; exactly one of the two."""

    was_klantcontact: KlantcontactVerwijzing | None = None
    onderwerpobjectidentificator: Objectidentificator | None = None


class KlantcontactRegistered(Bericht):
    """A klantcontact was registered, or registered anew after a correction."""

    klantcontact: Klantcontact
    actoren: tuple[Actor, ...]
    betrokkenen: tuple[BetrokkeneBijKlantcontact, ...]
    partijen: tuple[Partij, ...]
    onderwerpobjecten: tuple[Onderwerpobject, ...]
    bijlagen: tuple[Objectidentificator, ...]
    besluit: Besluit
    herkomst: Herkomst


class KlantcontactRegisteredEvent(Envelope):
    """The whole event."""

    type: Literal["nl.klantinteracties.klantcontact.registered"]
    dataschema: Literal["urn:klantinteracties:schema:klantcontact.registered:1"]
    data: KlantcontactRegistered
