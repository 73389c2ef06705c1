"""Partijen: persons, organisations and contactpersonen, with the name, identificatoren and addresses of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import uuid4

from tests.fakes.open_klant.adressen import SOORTEN_PARTIJ, replace_standard
from tests.fakes.open_klant.contacten import CODES
from tests.fakes.open_klant.fields import Choice, Field, Flag, Reading, Site, Text, empties, read_fields
from tests.fakes.open_klant.filters import Equal, Filter, Flagged, Nothing, Owning, Through
from tests.fakes.open_klant.groups import ADRES, CONTACTNAAM, full_name, numbered
from tests.fakes.open_klant.identificatoren import PartijIdentificatoren
from tests.fakes.open_klant.problems import refused
from tests.fakes.open_klant.references import Always, Children, Reference, References, Uuid, refers
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Register, Values

IDENTIFICATIES: Final[Mapping[str, Mapping[str, Field]]] = {
    "persoon": {"contactnaam": CONTACTNAAM},
    "organisatie": {"naam": Text(longest=200, blank=True)},
    "contactpersoon": {
        "werkteVoorPartij": Reference(
            uuid=Uuid(to="partijen", noun="Partij", column="soortPartij", value="organisatie"), null=True
        ),
        "contactnaam": CONTACTNAAM,
    },
}
"""What `partijIdentificatie` holds for each soort of partij. A partij that changes its soort keeps what it had."""

IDENTIFICATOREN: Final = PartijIdentificatoren()

PARTS: Final = ("digitaleAdressen", "partijIdentificatoren", "partijIdentificatie")
"""The fields that are no columns of a partij: they are rows elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Identificator(Field):
    """An identificator inside a partij: one that is there already by its uuid, or a new one."""

    def parse(self, value: object, reading: Reading) -> Values:
        """Return the columns, with the uuid of one that is there."""
        uuid = Uuid(to=IDENTIFICATOREN.name, noun="PartijIdentificator", required=False)
        fields = {"uuid": uuid, **IDENTIFICATOREN.fields}
        body = value if isinstance(value, dict) else {}
        inner = Reading(reading.register, body, partial=reading.partial)
        values = read_fields(fields, value, inner, partial=reading.partial)
        IDENTIFICATOREN.check(values, inner)
        return values


@dataclass(frozen=True, kw_only=True)
class Identificatoren(References):
    """The identificatoren of a partij, each shown whole."""

    reads: Field = Identificator()

    def show(self, name: str, row: Values, site: Site) -> list[Values]:
        """Return the identificatoren."""
        table = site.register[IDENTIFICATOREN.name]
        return [IDENTIFICATOREN.show(each, site) for each in table.where("identificeerdePartij", row["uuid"])]


@dataclass(frozen=True, kw_only=True)
class Adressen(References):
    """The digitale adressen of a partij: those that are sent become its own, and the others nobody's."""

    def show(self, name: str, row: Values, site: Site) -> list[object]:
        """Return a link to each."""
        return Children(of="digitaleadressen", by="verstrektDoorPartij").show(name, row, site)


class Partijen(Resource):
    """Persons, organisations and contactpersonen."""

    name = "partijen"
    fields: ClassVar[Mapping[str, Field]] = {
        "nummer": numbered("partijen", "nummer", "partij"),
        "interneNotitie": Text(longest=1000, blank=True),
        "betrokkenen": Children(of="betrokkenen", by="wasPartij"),
        "categorieRelaties": Always(value=()),
        "digitaleAdressen": Adressen(reads=refers("digitaleadressen", "DigitaalAdres", null=False), null=True),
        "voorkeursDigitaalAdres": Always(value=None),
        "vertegenwoordigden": Always(value=()),
        "rekeningnummers": Always(value=()),
        "voorkeursRekeningnummer": Always(value=None),
        "partijIdentificatoren": Identificatoren(null=True),
        "soortPartij": Choice(required=True, options=SOORTEN_PARTIJ),
        "indicatieGeheimhouding": Flag(null=True),
        "voorkeurstaal": Text(longest=3, blank=True),
        "indicatieActief": Flag(required=True),
        "bezoekadres": ADRES,
        "correspondentieadres": ADRES,
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        "vertegenwoordigdePartij__uuid": Nothing(),
        "vertegenwoordigdePartij__url": Nothing(),
        # Each looks at all identificatoren of a partij, so two of them may be true of two identificatoren.
        **{
            f"partijIdentificator__{code}": Owning(
                "partij-identificatoren", "identificeerdePartij", Equal(f"partijIdentificator.{code}")
            )
            for code in CODES
        },
        **{
            f"subIdentificatorVan__{code}": Owning(
                "partij-identificatoren",
                "identificeerdePartij",
                Through("subIdentificatorVan", "partij-identificatoren", Equal(f"partijIdentificator.{code}")),
            )
            for code in CODES
        },
        "categorierelatie__categorie__naam": Nothing(),
        "nummer": Equal("nummer"),
        "indicatieGeheimhouding": Flagged("indicatieGeheimhouding"),
        "indicatieActief": Flagged("indicatieActief"),
        "soortPartij": Equal("soortPartij", SOORTEN_PARTIJ),
        **{
            f"{adres}{name[0].upper()}{name[1:]}": Equal(f"{adres}.{name}")
            for adres in ("bezoekadres", "correspondentieadres")
            for name in ("nummeraanduidingId", "adresregel1", "adresregel2", "adresregel3", "land")
        },
    }

    def read(self, reading: Reading) -> Values:
        """Return the columns and parts. Without `soortPartij` the name part is left unread, without a word."""
        values = super().read(reading)
        soort, identificatie = reading.body.get("soortPartij"), "partijIdentificatie"
        if soort in IDENTIFICATIES and identificatie in reading.body:
            part = _Identificatie(fields=IDENTIFICATIES[str(soort)])
            read = read_fields({identificatie: part}, reading.body, reading, partial=False)
            values |= {name: given for name, given in read.items() if given}
        return values

    def check(self, values: Values, reading: Reading) -> None:
        """Refuse identificatoren of another partij in a new one."""
        for each in values.get("partijIdentificatoren", ()):
            if each.get("identificeerdePartij") and reading.row is None:
                reason = (
                    "Het veld `identificeerde_partij` wordt automatisch ingesteld en dient niet te worden opgegeven."
                )
                raise refused("invalid", reason, name="partijIdentificatoren.identificeerdePartij")

    def create(self, values: Values, register: Register) -> Values:
        """Add a partij with its parts, or nothing."""
        nothing = {"persoon": None, "organisatie": None, "contactpersoon": None, "werkteVoorPartij": None}
        columns = {name: value for name, value in {**empties(self.fields), **values}.items() if name not in PARTS}
        row = register.add(self.name, {**nothing, **columns})
        return self._with_parts(row, values, register)

    def change(self, row: Values, values: Values, register: Register) -> Values:
        """Change a partij and the parts that are sent."""
        columns = {name: value for name, value in values.items() if name not in PARTS}
        return self._with_parts(register.change(self.name, row, columns), values, register)

    def show(self, row: Values, site: Site) -> Values:
        """Return the partij, with the name that belongs to its soort, where it has one."""
        shown, soort = super().show(row, site), row["soortPartij"]
        if row[soort] is None:
            return shown
        identificatie = dict(row[soort])
        if soort == "contactpersoon":
            works_for = row["werkteVoorPartij"]
            link = site.link(self.name, works_for) if works_for else None
            identificatie = {"uuid": identificatie.pop("uuid"), "werkteVoorPartij": link, **identificatie}
        if "contactnaam" in identificatie:
            identificatie["volledigeNaam"] = full_name(identificatie["contactnaam"])
        return {**shown, "partijIdentificatie": identificatie}

    def _with_parts(self, row: Values, values: Values, register: Register) -> Values:
        if "digitaleAdressen" in values:
            _give_addresses(row["uuid"], values["digitaleAdressen"], register)
        if "partijIdentificatie" in values:
            row = register.change(self.name, row, _identificatie(row["soortPartij"], values["partijIdentificatie"]))
        if "partijIdentificatoren" in values:
            _give_identificatoren(row["uuid"], values["partijIdentificatoren"], register)
        return row


@dataclass(frozen=True, kw_only=True)
class _Identificatie(Field):
    fields: Mapping[str, Field]

    def parse(self, value: object, reading: Reading) -> Values:
        return read_fields(self.fields, value, reading, partial=False)


def _identificatie(soort: str, given: Values) -> Values:
    whole = {**empties(IDENTIFICATIES[soort]), **given}
    if soort != "contactpersoon":
        return {soort: whole}
    works_for = whole.pop("werkteVoorPartij")
    return {soort: {"uuid": str(uuid4()), **whole}, "werkteVoorPartij": works_for}


def _give_addresses(partij: str, uuids: list[str], register: Register) -> None:
    table = register["digitaleadressen"]
    for row in table.where("verstrektDoorPartij", partij):
        if row["uuid"] not in uuids:
            _give_address(row, None, register)
    for uuid in uuids:
        _give_address(table.rows[uuid], partij, register)


def _give_address(row: Values, partij: str | None, register: Register) -> None:
    if row["verstrektDoorPartij"] != partij:
        replace_standard({**row, "verstrektDoorPartij": partij}, register)
        register.change("digitaleadressen", row, {"verstrektDoorPartij": partij})


def _give_identificatoren(partij: str, given: list[Values], register: Register) -> None:
    table = register[IDENTIFICATOREN.name]
    kept = {each["uuid"] for each in given if "uuid" in each}
    for row in table.where("identificeerdePartij", partij):
        if row["uuid"] not in kept:
            register.delete(IDENTIFICATOREN.name, row["uuid"])
    for each in given:
        values = {**each, "identificeerdePartij": partij}
        if "uuid" in each:
            IDENTIFICATOREN.change(table.rows[each["uuid"]], values, register)
        else:
            IDENTIFICATOREN.create(values, register)
