"""`nl.klantinteracties.contact.ended`, data, version 1: what a telephony or channel system says of a contact that ended.

Only what one field can be judged by stands here; what several fields must agree on is in `coherence.py`.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from schemas.types import MAX_WHOLE_NUMBER, Bericht, Moment, Ref, Tekst, Tekst40, Tekst50, Tekst100, Tekst200
from schemas.vng import Actor, Adres, Contactnaam, DigitaalAdres, Objectidentificator, SoortPartij

TYPE = "nl.klantinteracties.contact.ended"
VERSION = 1

MAX_PEOPLE = 50
"""The most betrokkenen, onderwerpen, actoren or refs in one list."""
MAX_ITEMS = 20
"""The most items of anything else in one list."""


class Richting(StrEnum):
    """Who sought contact: the klant (inkomend) or the municipality (uitgaand)."""

    INKOMEND = "inkomend"
    UITGAAND = "uitgaand"


class Rol(StrEnum):
    """In which role somebody took part; `overig` is never a klant and never in an output."""

    KLANT = "klant"
    VERTEGENWOORDIGER = "vertegenwoordiger"
    OVERIG = "overig"


class Toestemming(StrEnum):
    """What was said in this contact about reuse of contact details."""

    GEGEVEN = "gegeven"
    GEWEIGERD = "geweigerd"
    INGETROKKEN = "ingetrokken"
    NIET_GEVRAAGD = "niet_gevraagd"


class Gebruik(StrEnum):
    """What a detail is meant for: default for later contacts, or only for following up this one."""

    STANDAARD = "standaard"
    OPVOLGING = "opvolging"


class SoortOpvolging(StrEnum):
    """What still has to be done after the contact."""

    GEEN = "geen"
    INTERNE_TAAK = "interne_taak"
    ZAAK_NIEUW = "zaak_nieuw"
    ZAAK_BESTAAND = "zaak_bestaand"


class CodeRegister(StrEnum):
    """The registers that identify a partij."""

    BRP = "brp"
    HR = "hr"


class CodeObjecttype(StrEnum):
    """The kinds of object that a partij-identificator points at."""

    NATUURLIJK_PERSOON = "natuurlijk_persoon"
    NIET_NATUURLIJK_PERSOON = "niet_natuurlijk_persoon"
    VESTIGING = "vestiging"


class CodeSoortObjectId(StrEnum):
    """The kinds of partij-identificator, in the order in which they find a partij."""

    BSN = "bsn"
    VESTIGINGSNUMMER = "vestigingsnummer"
    RSIN = "rsin"
    KVK_NUMMER = "kvk_nummer"


class PartijIdentificator(Bericht):
    """Identifies a person or organisation in a public register (domain.md 3.3)."""

    code_register: CodeRegister
    code_objecttype: CodeObjecttype
    code_soort_object_id: CodeSoortObjectId
    object_id: Tekst200


class Authenticatie(Bericht):
    """How somebody's identity was established in this contact."""

    middel: Tekst
    pseudoniem: Tekst | None = None
    op: Moment | None = None


class OpgegevenDigitaalAdres(DigitaalAdres):
    """A digital address as it was given, with what it may be used for."""

    gebruik: Gebruik = Gebruik.OPVOLGING


class OpgegevenAdres(Adres):
    """A postal address as it was given, with what it may be used for."""

    gebruik: Gebruik = Gebruik.OPVOLGING


class Werkgever(Bericht):
    """The organisatie that a contactpersoon worked for, when it is not a betrokkene itself."""

    naam: Annotated[str, Field(max_length=200)] | None = None
    partij_identificatoren: Annotated[tuple[PartijIdentificator, ...], Field(max_length=MAX_ITEMS)] = ()


def _form(value: Any) -> str:
    return "<ref>" if isinstance(value, str) else "<organisatie>"


WerkteVoor = Annotated[
    Annotated[Ref, Tag("<ref>")] | Annotated[Werkgever, Tag("<organisatie>")],
    Discriminator(_form),
]


class Betrokkene(Bericht):
    """Somebody who took part in the contact and does not work for the municipality, or a chain partner (`overig`)."""

    ref: Ref
    rol: Rol
    initiator: bool | None = None
    soort_partij: SoortPartij = SoortPartij.PERSOON
    contactnaam: Contactnaam | None = None
    organisatienaam: Annotated[str, Field(max_length=200)] | None = None
    authenticatie: Authenticatie | None = None
    partij_identificatoren: Annotated[tuple[PartijIdentificator, ...], Field(max_length=MAX_ITEMS)] = ()
    toestemming_hergebruik: Toestemming = Toestemming.NIET_GEVRAAGD
    digitale_adressen: Annotated[tuple[OpgegevenDigitaalAdres, ...], Field(max_length=MAX_ITEMS)] = ()
    bezoekadres: OpgegevenAdres | None = None
    correspondentieadres: OpgegevenAdres | None = None
    vertegenwoordigt: Annotated[tuple[Ref, ...], Field(max_length=MAX_PEOPLE)] = ()
    werkte_voor: WerkteVoor | None = None


class Opvolging(Bericht):
    """What still has to be done for an onderwerp, by whom."""

    soort: SoortOpvolging = SoortOpvolging.GEEN
    gevraagde_handeling: Annotated[str, Field(max_length=200)] | None = None
    toelichting: Annotated[str, Field(max_length=1000)] | None = None
    toegewezen_aan: Actor | None = None
    zaak: Objectidentificator | None = None


class Onderwerp(Bericht):
    """One subject of the contact; each becomes at most one klantcontact (VNG 7682)."""

    onderwerp_id: Tekst40 | None = None
    onderwerp: Tekst200
    inhoud: Annotated[str, Field(max_length=1000)] | None = None
    opvolging: Opvolging = Opvolging()
    betrokkenen: Annotated[tuple[Ref, ...], Field(max_length=MAX_PEOPLE)] | None = None
    onderwerpobjecten: Annotated[tuple[Objectidentificator, ...], Field(max_length=MAX_ITEMS)] = ()
    bijlagen: Annotated[tuple[Objectidentificator, ...], Field(max_length=MAX_ITEMS)] = ()


class VervolgOp(Bericht):
    """The earlier klantcontact whose follow-up this contact carries out; one of the two forms."""

    klantcontact_id: Tekst100 | None = None
    contact_id: Tekst100 | None = None
    onderwerp_id: Tekst40 | None = None


class ContactId(Bericht):
    """The part of a contact by which a refusal is recognised."""

    contact_id: Tekst100


class ContactMoment(Bericht):
    """The part of a contact that is judged against the clock."""

    plaatsgevonden_op: Moment


class ContactEnded(ContactId, ContactMoment):
    """A contact that has ended. `source` and `contact_id` together are the contact; a higher `revisie` corrects it."""

    revisie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)] = 1
    kanaal: Tekst50
    richting: Richting = Richting.INKOMEND
    tot_stand_gekomen: bool | None = True
    beeindigd_op: Moment | None = None
    taal: Annotated[str, Field(pattern=r"^[a-z]{3}$")] | None = None
    vertrouwelijk: bool = False
    doorverbonden: bool = False
    actoren: Annotated[tuple[Actor, ...], Field(min_length=1, max_length=MAX_PEOPLE)]
    betrokkenen: Annotated[tuple[Betrokkene, ...], Field(max_length=MAX_PEOPLE)]
    onderwerpen: Annotated[tuple[Onderwerp, ...], Field(min_length=1, max_length=MAX_PEOPLE)]
    vervolg_op: VervolgOp | None = None
