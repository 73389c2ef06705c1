"""`nl.klantinteracties.toestemming.gewijzigd`, data, version 1: a klant changed its consent outside a contact.

A portal, or a desk, publishes it. The rules for one field stand here; `reading/consent.py` has the others. The text
under a field is written for publishers, and becomes the field's description in the JSON Schema.
Source: AVG 7(3): withdrawing is as easy as giving; VNG V6898: the last statement about reuse counts.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.cloudevents import MAX_ATTRIBUTE, Envelope, known_schema, known_schema_only
from schemas.contact_ended_v1 import MAX_ITEMS, Authenticatie, PartijIdentificator, Werkgever
from schemas.types import MAX_WHOLE_NUMBER, Bericht, Tekst50, Tekst256, Timestamp
from schemas.vng import SoortPartij

TYPE = "nl.klantinteracties.toestemming.gewijzigd"
VERSION = 1


class Toestemmingswijziging(StrEnum):
    """What a klant says about reuse of its contact details, outside a contact."""

    GEGEVEN = "gegeven"
    INGETROKKEN = "ingetrokken"


class Klant(Bericht):
    """The klant whose consent changed, as in a `contact.ended`. It has something by which its partij is found."""

    soort_partij: SoortPartij = SoortPartij.PERSOON
    authenticatie: Authenticatie
    """How the identity was established: by a means that suffices on this kanaal, else the change has no effect."""
    partij_identificatoren: Annotated[tuple[PartijIdentificator, ...], Field(max_length=MAX_ITEMS)] = ()
    """Required, but for a contactpersoon, which is found by its pseudoniem and its organisatie."""
    werkte_voor: Werkgever | None = None
    """For a contactpersoon: the organisatie that it works for, with an identificator. Else ignored."""


class ToestemmingGewijzigd(Bericht):
    """A klant gave or withdrew its consent to reuse outside a contact.

    `source` and `wijzigingId` together identify the change; a higher `revisie` corrects it. A klant that no contact
    made known stays unknown. Null, empty texts and unknown fields count as they do in a `contact.ended`.
    """

    wijziging_id: Tekst256
    """The id of the change in the source system; a correction has the same."""
    revisie: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)] = 1
    """A higher one corrects an earlier one. The same revisie with other contents is refused."""
    kanaal: Tekst50
    """Where the klant said it. The municipality's policy may ask for other means of authentication by kanaal."""
    klant: Klant
    toestemming_hergebruik: Toestemmingswijziging
    gewijzigd_op: Timestamp
    """When the klant said it: of all statements, also those in contacts, the newest counts. Not in the future: at most
    5 minutes after the record was written."""


class ToestemmingGewijzigdEvent(Envelope):
    """The whole event: a CloudEvent of the NL GOV profile, one UTF-8 JSON object a record, at most 64 KiB.

    Binary mode and `data_base64` are read as for a `contact.ended`.
    """

    type: Literal["nl.klantinteracties.toestemming.gewijzigd"]
    dataschema: (
        Annotated[
            str,
            Field(max_length=MAX_ATTRIBUTE, json_schema_extra=known_schema_only("toestemming.gewijzigd", VERSION)),
            known_schema("toestemming.gewijzigd", VERSION),
        ]
        | None
    ) = None
    """In the form `urn:klantinteracties:schema:<event>:<version>` it must name this event and version. Any other
    form is ignored."""
    data: ToestemmingGewijzigd
