"""`nl.klantinteracties.contact.ended`, data, version 1: a channel system's report of a contact that has ended.

The rules for one field stand here; `reading/coherence.py` has those over several fields. The text under a field is
written for publishers, and becomes the field's description in the JSON Schema.
Source: VNG's gegevenswoordenboek, in the spelling and lengths of Open Klant 2.18. `schemas/deviations.md` lists the
differences.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from schemas.cloudevents import MAX_ATTRIBUTE, Envelope, known_schema, known_schema_only
from schemas.types import MAX_WHOLE_NUMBER, Bericht, Ref, Tekst40, Tekst50, Tekst100, Tekst200, Tekst256, Timestamp
from schemas.vng import Actor, Adres, Contactnaam, DigitaalAdres, Objectidentificator, SoortPartij

TYPE = "nl.klantinteracties.contact.ended"
VERSION = 1

MAX_PEOPLE = 50
"""The most betrokkenen, onderwerpen, actoren or refs in one list."""
MAX_ITEMS = 20
"""The most items of anything else in one list."""


class Richting(StrEnum):
    """The side that sought contact: the klant (inkomend) or the municipality (uitgaand)."""

    INKOMEND = "inkomend"
    UITGAAND = "uitgaand"


class Rol(StrEnum):
    """The role in which somebody took part. `overig` is never a klant and never in an output."""

    KLANT = "klant"
    VERTEGENWOORDIGER = "vertegenwoordiger"
    OVERIG = "overig"


class Toestemming(StrEnum):
    """The statement made in this contact about reuse of contact details."""

    GEGEVEN = "gegeven"
    GEWEIGERD = "geweigerd"
    INGETROKKEN = "ingetrokken"
    NIET_GEVRAAGD = "niet_gevraagd"


class Gebruik(StrEnum):
    """The purpose of a detail: default for later contacts, or only for following up this one."""

    STANDAARD = "standaard"
    OPVOLGING = "opvolging"


class SoortOpvolging(StrEnum):
    """The kind of work that remains after the contact."""

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
    """Identifies a person or organisation in a public register.

    A persoon may have brp, natuurlijk_persoon, bsn (9 digits, 11-proef). An organisatie may have hr,
    niet_natuurlijk_persoon, kvk_nummer (8 digits) or rsin (9 digits, 11-proef), and hr, vestiging, vestigingsnummer
    (12 digits) together with the kvk_nummer. At most one of each kind. A contactpersoon has none of its own.
    """

    code_register: CodeRegister
    code_objecttype: CodeObjecttype
    code_soort_object_id: CodeSoortObjectId
    object_id: Tekst200
    """Digits only, as many as its kind has; a bsn or rsin passes the 11-proef."""


class Authenticatie(Bericht):
    """How somebody's identity was established in this contact."""

    middel: Tekst256
    """The municipality's policy says which means suffice; by default digid, eherkenning, eidas, identiteitsbewijs,
    telefonische_authenticatie and dossier."""
    pseudoniem: Tekst256 | None = None
    """The means' pseudonym of the acting person. Together with the employer it identifies a contactpersoon."""
    op: Timestamp | None = None
    """When it was established."""


class OpgegevenDigitaalAdres(DigitaalAdres):
    """A digital address as it was given, with what it may be used for."""

    gebruik: Gebruik = Gebruik.OPVOLGING


class OpgegevenAdres(Adres):
    """A postal address as it was given, with what it may be used for. At least one other field has content."""

    gebruik: Gebruik = Gebruik.OPVOLGING


class Werkgever(Bericht):
    """The organisatie that a contactpersoon worked for, when it is not a betrokkene itself."""

    naam: Annotated[str, Field(max_length=200)] | None = None
    partij_identificatoren: Annotated[tuple[PartijIdentificator, ...], Field(max_length=MAX_ITEMS)] = ()


def _form(value: object) -> str:
    return "<ref>" if isinstance(value, str) else "<organisatie>"


WerkteVoor = Annotated[
    Annotated[Ref, Tag("<ref>")] | Annotated[Werkgever, Tag("<organisatie>")],
    Discriminator(_form),
]


class Betrokkene(Bericht):
    """Somebody who took part in the contact and does not work for the municipality, or a chain partner (`overig`).

    Two betrokkenen of one contact are never the same partij: they share no identificator, and no pseudoniem at one
    employer.
    """

    ref: Ref
    """A name, unique within this event, by which other fields refer to this betrokkene."""
    rol: Rol
    initiator: bool | None = None
    """Whether this betrokkene began the contact; by default the first one when `richting` is inkomend."""
    soort_partij: SoortPartij = SoortPartij.PERSOON
    contactnaam: Contactnaam | None = None
    organisatienaam: Annotated[str, Field(max_length=200)] | None = None
    authenticatie: Authenticatie | None = None
    """Absent when nobody's identity was established."""
    partij_identificatoren: Annotated[tuple[PartijIdentificator, ...], Field(max_length=MAX_ITEMS)] = ()
    toestemming_hergebruik: Toestemming = Toestemming.NIET_GEVRAAGD
    """Ingetrokken is refused for a betrokkene that no onderwerp concerns."""
    digitale_adressen: Annotated[tuple[OpgegevenDigitaalAdres, ...], Field(max_length=MAX_ITEMS)] = ()
    bezoekadres: OpgegevenAdres | None = None
    correspondentieadres: OpgegevenAdres | None = None
    vertegenwoordigt: Annotated[tuple[Ref, ...], Field(max_length=MAX_PEOPLE)] = ()
    """The refs of the betrokkenen that this one formally represents; not its own."""
    werkte_voor: WerkteVoor | None = None
    """For a contactpersoon: the ref of the organisatie it worked for, or that organisatie itself. Else ignored."""


class Opvolging(Bericht):
    """The follow-up of an onderwerp: what has to be done, and by whom."""

    soort: SoortOpvolging = SoortOpvolging.GEEN
    gevraagde_handeling: Annotated[str, Field(max_length=200)] | None = None
    """Required, and not blank, for an interne_taak."""
    toelichting: Annotated[str, Field(max_length=1000)] | None = None
    toegewezen_aan: Actor | None = None
    """Required for an interne_taak."""
    zaak: Objectidentificator | None = None
    """Required for zaak_nieuw and zaak_bestaand; else ignored."""


class Onderwerp(Bericht):
    """One subject of the contact; each becomes at most one klantcontact (VNG 7682)."""

    onderwerp_id: Tekst40 | None = None
    """Stable over revisies, since ids are made from it; unique in the event. By default the position: 0, 1, …"""
    onderwerp: Tekst200
    inhoud: Annotated[str, Field(max_length=1000)] | None = None
    """A longer text is refused, never cut."""
    opvolging: Opvolging = Opvolging()
    betrokkenen: Annotated[tuple[Ref, ...], Field(max_length=MAX_PEOPLE)] | None = None
    """The refs of the betrokkenen that this onderwerp concerns; by default all. An empty list means nobody."""
    onderwerpobjecten: Annotated[tuple[Objectidentificator, ...], Field(max_length=MAX_ITEMS)] = ()
    bijlagen: Annotated[tuple[Objectidentificator, ...], Field(max_length=MAX_ITEMS)] = ()


class VervolgOp(Bericht):
    """The earlier klantcontact whose follow-up this contact carries out, in exactly one of two forms: `klantcontactId`;
    or `contactId` of the same source, with `onderwerpId` when it is not the first that was registered.
    """

    klantcontact_id: Tekst100 | None = None
    contact_id: Tekst256 | None = None
    onderwerp_id: Tekst40 | None = None


class ContactEnded(Bericht):
    """A contact that has ended. `source` and `contactId` together identify it; a higher `revisie` corrects it.

    A field that is null counts as absent, and so does an optional field with a form, such as postcode, that is an empty
    text. No text holds NUL. Fields that are not listed are ignored. Some fields must also agree with each other; their
    descriptions say how.
    """

    contact_id: Tekst256
    """The id of the contact in the source system; a correction has the same."""
    revisie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)] = 1
    """A higher one is a later, corrected version of the contact. The same revisie with other contents is refused."""
    kanaal: Tekst50
    """Free text; no rule depends on it, though a municipality's policy may."""
    richting: Richting = Richting.INKOMEND
    tot_stand_gekomen: bool | None = True
    """Whether contact was made; null means unknown. Becomes `indicatieContactGelukt`."""
    plaatsgevonden_op: Timestamp
    """Start of a call, receipt of a mail, scan of a letter, last message of a chat. Not in the future: at most 5
    minutes after the record was written."""
    beeindigd_op: Timestamp | None = None
    taal: Annotated[str, Field(pattern=r"^[a-z]{3}$")] | None = None
    """ISO 639-2/B; the municipality's own default when absent."""
    vertrouwelijk: bool = False
    """When true, onderwerp and inhoud are published on the confidential topic only."""
    doorverbonden: bool = False
    """A transfer is not a follow-up: it never changes an outcome."""
    actoren: Annotated[tuple[Actor, ...], Field(min_length=1, max_length=MAX_PEOPLE)]
    betrokkenen: Annotated[tuple[Betrokkene, ...], Field(max_length=MAX_PEOPLE)]
    """Empty when no klant took part."""
    onderwerpen: Annotated[tuple[Onderwerp, ...], Field(min_length=1, max_length=MAX_PEOPLE)]
    vervolg_op: VervolgOp | None = None


class ContactEndedAttributes(Envelope):
    """The attributes of the event."""

    type: Literal["nl.klantinteracties.contact.ended"]
    dataschema: (
        Annotated[
            str,
            Field(max_length=MAX_ATTRIBUTE, json_schema_extra=known_schema_only("contact.ended", VERSION)),
            known_schema("contact.ended", VERSION),
        ]
        | None
    ) = None
    """In the form `urn:klantinteracties:schema:<event>:<version>` it must name this event and version. Any other
    form is ignored."""


class ContactEndedEvent(ContactEndedAttributes):
    """The whole event: a CloudEvent of the NL GOV profile, one UTF-8 JSON object a record, at most 64 KiB.

    `data_base64`, which CloudEvents has for bytes, may stand in the place of `data`: the same object as UTF-8 JSON, in
    base64. In binary mode the value holds the data alone, and the attributes stand in headers such as `ce_id`.
    """

    data: ContactEnded
