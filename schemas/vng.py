"""The objects of the VNG information model that several events share, under their own names.

Source of every attribute and length: VNG's gegevenswoordenboek (SIM 2.0.0) and the Klantinteracties API of Open Klant
2.18, in the spelling of the latter. `schemas/deviations.md` lists the differences.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.types import Bericht, Tekst80, Tekst200


class SoortActor(StrEnum):
    """The kind of an actor."""

    MEDEWERKER = "medewerker"
    ORGANISATORISCHE_EENHEID = "organisatorische_eenheid"
    GEAUTOMATISEERDE_ACTOR = "geautomatiseerde_actor"


class SoortPartij(StrEnum):
    """The kind of a partij."""

    PERSOON = "persoon"
    ORGANISATIE = "organisatie"
    CONTACTPERSOON = "contactpersoon"


class SoortDigitaalAdres(StrEnum):
    """The kind of a digital address."""

    EMAIL = "email"
    TELEFOONNUMMER = "telefoonnummer"
    OVERIG = "overig"


class Objectidentificator(Bericht):
    """Points at an object in some register: a zaak, a document, an entry of an objects register."""

    code_register: Tekst200
    code_objecttype: Tekst200
    code_soort_object_id: Tekst200
    object_id: Tekst200


class Actor(Bericht):
    """A person, unit or machine that handles contacts for the municipality."""

    soort_actor: SoortActor
    naam: Tekst200
    actoridentificator: Objectidentificator | None = None


class Contactnaam(Bericht):
    """The name by which somebody wants to be addressed; every part may be absent."""

    voorletters: Annotated[str, Field(max_length=10)] | None = None
    voornaam: Annotated[str, Field(max_length=200)] | None = None
    voorvoegsel_achternaam: Annotated[str, Field(max_length=10)] | None = None
    achternaam: Annotated[str, Field(max_length=200)] | None = None


class Adres(Bericht):
    """A Dutch or foreign postal address, as Open Klant accepts it."""

    nummeraanduiding_id: Annotated[str, Field(pattern=r"^[0-9]{16}$")] | None = None
    """The address in the BAG."""
    straatnaam: Annotated[str, Field(max_length=255)] | None = None
    huisnummer: Annotated[int, Field(ge=1, le=99999)] | None = None
    huisnummertoevoeging: Annotated[str, Field(max_length=20)] | None = None
    postcode: Annotated[str, Field(pattern=r"^[1-9][0-9]{3} [A-Z]{2}$")] | None = None
    """With a space: 1234 AB."""
    stad: Annotated[str, Field(max_length=255)] | None = None
    adresregel1: Annotated[str, Field(max_length=80)] | None = None
    adresregel2: Annotated[str, Field(max_length=80)] | None = None
    adresregel3: Annotated[str, Field(max_length=80)] | None = None
    land: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """ISO 3166 alpha-2."""


class DigitaalAdres(Bericht):
    """A telephone number, e-mail address or other digital address."""

    soort_digitaal_adres: SoortDigitaalAdres
    adres: Tekst80
    omschrijving: Annotated[str, Field(max_length=40)] | None = None
