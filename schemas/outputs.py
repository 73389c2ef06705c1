"""The common parts of the events that the classifier publishes.

Subscribers are promised this: an absent field is left out and never null, and a list is always present.
Source: VNG's gegevenswoordenboek, in the spelling of Open Klant 2.18. `schemas/deviations.md` lists the differences.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.cloudevents import TRACEPARENT, Envelope
from schemas.contact_ended_v1 import CodeSoortObjectId
from schemas.types import MAX_WHOLE_NUMBER, Bericht, Nummer, Tekst, Tekst40, Tekst256
from schemas.vng import Adres, Contactnaam, DigitaalAdres

Identifier = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", json_schema_extra={"format": "uuid"})
]
Counter = Annotated[int, Field(ge=0, le=MAX_WHOLE_NUMBER)]


class Regel(StrEnum):
    """The rules of the decision table, in the order in which they are tried."""

    G1 = "G1"
    G2 = "G2"
    V0 = "V0"
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"


class PartijRegel(StrEnum):
    """The rules by which a partij changes: those of the decision table, and those for changes outside a contact."""

    G1 = "G1"
    G2 = "G2"
    V0 = "V0"
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    T = "T"
    """Toestemming: consent was given or withdrawn outside a contact."""
    B = "B"
    """Beperking: the processing of the partij was restricted, or set free again."""


class PartijResultaat(StrEnum):
    """The effect of the decision on a partij."""

    LEEG = "leeg"
    NIEUW = "nieuw"
    BESTAAND = "bestaand"
    AANGEVULD = "aangevuld"


FILLING = frozenset({PartijResultaat.NIEUW, PartijResultaat.AANGEVULD})
"""The results with which a contact brings name and default details to the partij. With others it brings none."""


class IntrekkingResultaat(StrEnum):
    """The state of a partij after something is taken back from it."""

    BESTAAND = "bestaand"
    LEEG = "leeg"
    VERVALLEN = "vervallen"


class Reden(StrEnum):
    """Why something is withdrawn."""

    CORRECTIE = "correctie"
    """The contact was corrected or judged again, and no longer gives it."""
    GEWIST = "gewist"
    """Somebody asked to be erased (AVG art. 17): a subscriber erases what it kept, its copies included."""
    BEWAARTERMIJN = "bewaartermijn"
    """The municipality's term for keeping it has ended."""
    INGETROKKEN = "ingetrokken"
    """The klant withdrew consent to reuse outside a contact: the partij is empty."""


class Hergebruik(StrEnum):
    """Whether effective consent to reuse exists for a partij after the decision."""

    GEGEVEN = "gegeven"
    GEEN = "geen"


class Identificatie(StrEnum):
    """How a partij can be found again."""

    EXTERN = "extern"
    ZONDER_EXTERNE_IDENTIFICATOR = "zonder_externe_identificator"


class Besluit(Bericht):
    """The decision behind the event: the rule, the policy that applied, and how often this revisie was judged."""

    regel: Regel
    beleidsversie: Tekst
    besluitversie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)]
    """1 at first. Each new judgement of the same revisie adds one."""
    toelichting: Tekst
    """Written for people; it holds no value of the contact."""


class BesluitOverPartij(Bericht):
    """The decision behind an event about a partij."""

    regel: PartijRegel
    beleidsversie: Tekst
    besluitversie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)]
    """1 at first. Each new judgement of the same revisie adds one."""
    toelichting: Tekst
    """Written for people; it holds no value of the contact."""


class Herkomst(Bericht):
    """The contact and revisie that the event follows from."""

    source: Tekst256
    """The `source` of the `contact.ended`."""
    event_id: Tekst256
    """The `id` of the `contact.ended`."""
    contact_id: Tekst256
    revisie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)]
    onderwerp_id: Tekst40 | None = None
    """Absent when the event is about the whole contact."""


class PartijHerkomst(Bericht):
    """What an event about a partij follows from: a contact, or else a change outside a contact."""

    source: Tekst256
    """The `source` of the `contact.ended` or `toestemming.gewijzigd`; of a change by the municipality itself that of
    the classifier with `:opdracht`."""
    event_id: Tekst256
    """The `id` of that event."""
    contact_id: Tekst256 | None = None
    """Absent when it follows from a change outside a contact."""
    wijziging_id: Tekst256 | None = None
    """Absent when it follows from a contact."""
    revisie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)]


class PartijVerwijzing(Bericht):
    """Points at a partij."""

    partij_id: Identifier
    nummer: Nummer


class KlantcontactVerwijzing(Bericht):
    """Points at a klantcontact."""

    klantcontact_id: Identifier
    nummer: Nummer


class Contactgegevens(Bericht):
    """Contact details, where a rule allows them to be kept."""

    digitale_adressen: tuple[DigitaalAdres, ...] = ()
    bezoekadres: Adres | None = None
    correspondentieadres: Adres | None = None


class Naam(Bericht):
    """The name of a person or an organisation, where a rule allows it to be kept."""

    contactnaam: Contactnaam | None = None
    organisatienaam: Annotated[str, Field(max_length=200)] | None = None


class OutputEnvelope(Envelope):
    """The attributes of the events that the classifier publishes. A repeat of an event has the same `id`."""

    subject: Identifier
    """The id of the thing that the event is about."""
    datacontenttype: Literal["application/json"]
    traceparent: Annotated[str, Field(pattern=TRACEPARENT)] | None = None


IdentificatorKinds = tuple[CodeSoortObjectId, ...]
