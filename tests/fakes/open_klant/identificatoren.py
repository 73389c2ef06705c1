"""The numbers by which partijen are known elsewhere: BSN, RSIN, KVK-nummer, vestigingsnummer."""

from collections.abc import Mapping
from typing import ClassVar, Final

from tests.fakes.open_klant.checks import object_id
from tests.fakes.open_klant.fields import Choice, Field, Group, Reading, Text
from tests.fakes.open_klant.filters import Equal, Filter, identificator
from tests.fakes.open_klant.problems import InvalidParam, Refused, refused
from tests.fakes.open_klant.references import refers
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Protected, Register, Values

REGISTERS: Final = {"brp": ["natuurlijk_persoon"], "hr": ["vestiging", "niet_natuurlijk_persoon"]}
SOORTEN: Final = {
    "natuurlijk_persoon": ["bsn"],
    "vestiging": ["vestigingsnummer"],
    "niet_natuurlijk_persoon": ["rsin", "kvk_nummer"],
}

TAKEN: Final = "`PartijIdentificator` moet uniek zijn, er bestaat er al een met deze gegevenscombinatie."
SECOND: Final = "`CodeSoortObjectId` moet uniek zijn voor de Partij."

IN_USE: Final = (
    "Cannot delete some instances of model 'PartijIdentificator' because they are referenced through protected "
    "foreign keys: 'PartijIdentificator.sub_identificator_van'."
)


class PartijIdentificatoren(Resource):
    """Identificatoren, with or without a partij."""

    name = "partij-identificatoren"
    fields: ClassVar[Mapping[str, Field]] = {
        "identificeerdePartij": refers("partijen", "Partij"),
        "anderePartijIdentificator": Text(longest=200, blank=True),
        "partijIdentificator": Group(
            required=True,
            null=False,
            fields={
                "codeObjecttype": Choice(required=True, options=tuple(SOORTEN)),
                "codeSoortObjectId": Choice(required=True, options=("bsn", "vestigingsnummer", "kvk_nummer", "rsin")),
                "objectId": Text(required=True, longest=200, blank=True),
                "codeRegister": Choice(required=True, options=tuple(REGISTERS)),
            },
        ),
        "subIdentificatorVan": refers("partij-identificatoren", "PartijIdentificator"),
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        "anderePartijIdentificator": Equal("anderePartijIdentificator"),
        **identificator("partijIdentificator", "partijIdentificator"),
    }

    def check(self, values: Values, reading: Reading) -> None:
        """Refuse codes that do not belong together, a number that is none, and a vestiging without a KVK-nummer."""
        row = {"subIdentificatorVan": None, **(reading.row or {}), **values}
        if "partijIdentificator" in row:
            check_codes(row["partijIdentificator"])
            if row["partijIdentificator"]["codeSoortObjectId"] == "vestigingsnummer":
                check_parent(row["subIdentificatorVan"], reading.register)

    def create(self, values: Values, register: Register) -> Values:
        """Add an identificator that is unique."""
        check_unique({**{name: each.nothing() for name, each in self.fields.items()}, **values}, register)
        return super().create(values, register)

    def change(self, row: Values, values: Values, register: Register) -> Values:
        """Change an identificator that stays unique; it moves to another partij without a word."""
        check_unique({**row, **values}, register)
        return super().change(row, values, register)

    def delete(self, row: Values, register: Register) -> None:
        """Delete an identificator, unless a vestiging stands under it."""
        try:
            super().delete(row, register)
        except Protected as protected:
            raise refused("invalid", IN_USE, name="nonFieldErrors") from protected


def check_codes(codes: Mapping[str, str]) -> None:
    """Raise Refused where codes don't belong together, or where the number isn't valid."""
    register, objecttype, soort = codes["codeRegister"], codes["codeObjecttype"], codes["codeSoortObjectId"]
    if objecttype not in REGISTERS[register]:
        reason = f"voor `codeRegister` {register} zijn alleen deze waarden toegestaan: {REGISTERS[register]}"
        raise refused("invalid", reason, name="partijIdentificatorCodeObjecttype")
    if soort not in SOORTEN[objecttype]:
        reason = f"voor `codeObjecttype` {objecttype} zijn alleen deze waarden toegestaan: {SOORTEN[objecttype]}"
        raise refused("invalid", reason, name="partijIdentificatorCodeSoortObjectId")
    if codes["objectId"] and (wrong := object_id(soort, codes["objectId"])):
        raise refused("invalid", wrong, name="partijIdentificatorObjectId")


def check_parent(parent: str | None, register: Register) -> None:
    """Raise Refused where a vestigingsnummer does not stand under a KVK-nummer."""
    if parent is None:
        reason = (
            "Voor een PartijIdentificator met codeSoortObjectId = `vestigingsnummer` is het verplicht om"
            " een `sub_identifier_van` met codeSoortObjectId = `kvk_nummer` te kiezen."
        )
        raise refused("invalid", reason, name="subIdentificatorVan")
    codes = register["partij-identificatoren"].rows[parent]["partijIdentificator"]
    if codes["codeSoortObjectId"] != "kvk_nummer":
        reason = "Het is alleen mogelijk om een subIdentifierVan te selecteren met codeSoortObjectId = `kvk_nummer`."
        raise refused("invalid", reason, name="subIdentificatorVan")


def check_unique(row: Values, register: Register) -> None:
    """Raise Refused where these codes stand elsewhere under the same parent, or the partij has this soort already."""
    codes, table = row["partijIdentificator"], register["partij-identificatoren"]
    reasons = []
    others = [
        other
        for other in table.where("partijIdentificator.objectId", codes["objectId"])
        if other["partijIdentificator"] == codes and other["subIdentificatorVan"] == row["subIdentificatorVan"]
    ]
    if _others(others, row):
        reasons.append(TAKEN)
    partij = row["identificeerdePartij"]
    same_soort = [
        other
        for other in (table.where("identificeerdePartij", partij) if partij else ())
        if other["partijIdentificator"]["codeSoortObjectId"] == codes["codeSoortObjectId"]
    ]
    if _others(same_soort, row):
        # Open Klant looks for vestigingen under the same parent last.
        reasons.insert(0 if row["subIdentificatorVan"] else len(reasons), SECOND)
    if reasons:
        raise Refused([InvalidParam("__all__", "invalid", reason) for reason in reasons])


def _others(found: list[Values], row: Values) -> bool:
    return any(other["uuid"] != row.get("uuid") for other in found)
