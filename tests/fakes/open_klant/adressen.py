"""Digitale adressen of partijen and of betrokkenen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from tests.fakes.open_klant.checks import email_address, phone_number
from tests.fakes.open_klant.contacten import CODES, ROLLEN
from tests.fakes.open_klant.fields import Check, Choice, Day, Field, Flag, Reading, Text
from tests.fakes.open_klant.filters import (
    COMPARISONS,
    Contains,
    Equal,
    Filter,
    Flagged,
    Moments,
    Owning,
    Through,
    reference,
)
from tests.fakes.open_klant.problems import WHOLE, refused
from tests.fakes.open_klant.references import refers
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Register, Values

SOORTEN: Final = ("email", "telefoonnummer", "overig")
SOORTEN_PARTIJ: Final = ("persoon", "organisatie", "contactpersoon")
CHECKS: Final[Mapping[str, Check]] = {"email": email_address, "telefoonnummer": phone_number}


@dataclass(frozen=True, kw_only=True)
class Adres(Text):
    """The address itself: what it must look like depends on its soort."""

    def parse(self, value: object, reading: Reading) -> str:
        """Return the address."""
        text = super().parse(value, reading)
        soort = {**(reading.row or {}), **reading.body}.get("soortDigitaalAdres")
        check = CHECKS.get(str(soort))
        if check and (reason := check(text)):
            raise refused("invalid", reason)
        return text


class Digitaleadressen(Resource):
    """E-mail addresses, telephone numbers and others."""

    name = "digitaleadressen"
    fields: ClassVar[Mapping[str, Field]] = {
        "verstrektDoorBetrokkene": refers("betrokkenen", "Betrokkene"),
        "verstrektDoorPartij": refers("partijen", "Partij"),
        "adres": Adres(required=True, longest=80),
        "soortDigitaalAdres": Choice(required=True, options=SOORTEN),
        "isStandaardAdres": Flag(empty=False),
        "omschrijving": Text(longest=40, blank=True),
        "referentie": Text(longest=50, blank=True, slug=True),
        "verificatieDatum": Day(null=True),
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        **reference("verstrektDoorBetrokkene", "verstrektDoorBetrokkene"),
        "verstrektDoorBetrokkene__rol": Through("verstrektDoorBetrokkene", "betrokkenen", Equal("rol", ROLLEN)),
        **reference("verstrektDoorPartij", "verstrektDoorPartij"),
        "verstrektDoorPartij__soortPartij": Through(
            "verstrektDoorPartij", "partijen", Equal("soortPartij", SOORTEN_PARTIJ)
        ),
        **{
            f"verstrektDoorPartij__partijIdentificator__{code}": Through(
                "verstrektDoorPartij",
                "partijen",
                Owning("partij-identificatoren", "identificeerdePartij", Equal(f"partijIdentificator.{code}")),
            )
            for code in CODES
        },
        "adres": Equal("adres"),
        "adres__icontains": Contains("adres"),
        "soortDigitaalAdres": Equal("soortDigitaalAdres", SOORTEN),
        "isStandaardAdres": Flagged("isStandaardAdres"),
        "omschrijving": Contains("omschrijving"),
        "referentie": Equal("referentie"),
        "isGeverifieerd": Flagged("verificatieDatum", told=bool),
        **{
            "verificatieDatum" + ("" if name == "exact" else f"__{name}"): Moments("verificatieDatum", name, days=True)
            for name in COMPARISONS
        },
    }

    def check(self, values: Values, reading: Reading) -> None:
        """Refuse what a constraint forbids, and what Open Klant takes for that."""
        self._refuse_beside_an_orphan(values, reading)
        row = {**(reading.row or {}), **values}
        partij = row.get("verstrektDoorPartij")
        if row.get("isStandaardAdres") and not partij:
            reason = "`is_standaard_adres` kan alleen gezet worden als `verstrekt_door_partij` niet leeg is."
            raise refused("invalid", reason, name="isStandaardAdres")
        # Also the address itself counts, where it is sent its own referentie again.
        for other in reading.register[self.name].where("verstrektDoorPartij", partij) if partij else ():
            same = other["soortDigitaalAdres"] == row["soortDigitaalAdres"]
            if values.get("referentie") and other["referentie"] == values["referentie"] and same:
                fields = "['verstrekt_door_partij', 'referentie', 'soort_digitaal_adres']"
                raise refused("unique", f"De velden {fields} moeten een unieke set zijn.", name=WHOLE)

    def create(self, values: Values, register: Register) -> Values:
        """Add an address; a standard one replaces the standard one of its partij and soort."""
        replace_standard(values, register)
        return super().create(values, register)

    def change(self, row: Values, values: Values, register: Register) -> Values:
        """Change an address; a standard one replaces the standard one of its partij and soort."""
        replace_standard({**row, **values}, register)
        return super().change(register[self.name].rows[row["uuid"]], values, register)

    def _refuse_beside_an_orphan(self, values: Values, reading: Reading) -> None:
        """Refuse an address without a partij while a standard address of its soort has none either.

        Meant is that a partij has one standard address of a soort; Open Klant compares with no partij as well, and
        does not look whether the new address is a standard one. For an address with a partij it compares nothing.
        """
        if reading.row is None and "verstrektDoorPartij" not in values:
            raise refused("required", name="verstrektDoorPartij")
        if values.get("verstrektDoorPartij"):
            return
        held = reading.row or {"uuid": None, "verstrektDoorPartij": None, "soortDigitaalAdres": None}
        soort = values.get("soortDigitaalAdres")
        partij = values.get("verstrektDoorPartij", held["verstrektDoorPartij"])
        if soort in (None, held["soortDigitaalAdres"]):
            return
        for other in standard_addresses(partij, soort, reading.register):
            if other["uuid"] != held["uuid"]:
                fields = "verstrekt_door_partij, soort_digitaal_adres"
                raise refused("unique", f"De velden {fields} moeten een unieke set zijn.", name=WHOLE)


def standard_addresses(partij: str | None, soort: str, register: Register) -> list[Values]:
    """Return the standard addresses of a soort of a partij; of None those that belong to no partij."""
    return [
        row
        for row in register["digitaleadressen"].where("isStandaardAdres", value=True)
        if row["verstrektDoorPartij"] == partij and row["soortDigitaalAdres"] == soort
    ]


def replace_standard(row: Values, register: Register) -> None:
    """Where an address is to be a standard one, make no other of its partij and soort one."""
    if row.get("isStandaardAdres"):
        for other in standard_addresses(row.get("verstrektDoorPartij"), row["soortDigitaalAdres"], register):
            register.change("digitaleadressen", other, {"isStandaardAdres": False})
