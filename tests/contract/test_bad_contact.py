"""What is wrong with the data of an event is told by path and kind: every error at once, and never a value.

Each row changes one valid event; its reason stands beside it, what is expected is written by hand from
`schemas/decision.md`, "Validity", and the fields of the information model. The paths of a row are those within `data`.
"""

from typing import Any

import pytest

from tests.contract.bad_data import (
    COLLEAGUE,
    CONTACTPERSOON,
    KLANT,
    NUMMERS,
    ORGANISATIE,
    TAAK,
    Row,
    errors_told,
)
from tests.contract.changes import ABSENT, Changes, Read, binary, structured

HALF_A_PAIR = "\ud800"
ZAAK = "onderwerpen.1.opvolging"


def each(reason: str, kind: str, paths: list[str], value: Any) -> list[Row]:  # noqa: ANN401 - JSON
    """Return a row for each path, which is where the error stands too."""
    return [(reason, {path: value}, [f"{path} {kind}"]) for path in paths]


REQUIRED = [
    "kanaal",
    "plaatsgevondenOp",
    "actoren",
    "onderwerpen",
    "actoren.0.soortActor",
    "actoren.0.naam",
    "actoren.0.actoridentificator.codeRegister",
    f"{COLLEAGUE}.rol",
    f"{KLANT}.authenticatie.middel",
    f"{KLANT}.digitaleAdressen.0.soortDigitaalAdres",
    f"{KLANT}.digitaleAdressen.0.adres",
    f"{NUMMERS}.0.codeRegister",
    f"{NUMMERS}.0.codeObjecttype",
    f"{NUMMERS}.0.codeSoortObjectId",
    f"{NUMMERS}.0.objectId",
    "onderwerpen.0.onderwerp",
    f"{TAAK}.gevraagdeHandeling",
    f"{TAAK}.toegewezenAan",
    f"{TAAK}.toegewezenAan.naam",
    f"{ZAAK}.zaak",
    f"{ZAAK}.zaak.codeObjecttype",
    f"{ZAAK}.zaak.codeSoortObjectId",
    f"{ZAAK}.zaak.objectId",
]

TEXTS = [
    "kanaal",
    "actoren.0.naam",
    f"{COLLEAGUE}.ref",
    f"{KLANT}.organisatienaam",
    f"{KLANT}.contactnaam.voornaam",
    f"{KLANT}.authenticatie.middel",
    f"{KLANT}.digitaleAdressen.0.adres",
    f"{KLANT}.digitaleAdressen.0.omschrijving",
    f"{KLANT}.correspondentieadres.straatnaam",
    f"{NUMMERS}.2.objectId",
    "onderwerpen.2.onderwerpId",
    "onderwerpen.0.onderwerp",
    "onderwerpen.0.inhoud",
    f"{TAAK}.gevraagdeHandeling",
    f"{TAAK}.toelichting",
    "onderwerpen.0.bijlagen.0.objectId",
    "vervolgOp.contactId",
]

NOT_BLANK = [
    "kanaal",
    "actoren.0.naam",
    f"{KLANT}.authenticatie.middel",
    f"{KLANT}.authenticatie.pseudoniem",
    f"{KLANT}.digitaleAdressen.0.adres",
    "onderwerpen.0.onderwerp",
    "onderwerpen.2.onderwerpId",
    f"{TAAK}.gevraagdeHandeling",
    f"{TAAK}.toegewezenAan.naam",
    f"{ZAAK}.zaak.objectId",
    "vervolgOp.contactId",
    "vervolgOp.onderwerpId",
]

MOMENTS = ["plaatsgevondenOp", "beeindigdOp", f"{KLANT}.authenticatie.op"]

MOST_CHARACTERS = {
    "kanaal": 50,
    "actoren.0.naam": 200,
    "actoren.0.actoridentificator.objectId": 200,
    f"{COLLEAGUE}.ref": 40,
    f"{KLANT}.contactnaam.voorletters": 10,
    f"{KLANT}.contactnaam.voornaam": 200,
    f"{KLANT}.contactnaam.voorvoegselAchternaam": 10,
    f"{KLANT}.contactnaam.achternaam": 200,
    f"{ORGANISATIE}.organisatienaam": 200,
    f"{KLANT}.digitaleAdressen.0.adres": 80,
    f"{KLANT}.digitaleAdressen.0.omschrijving": 40,
    f"{KLANT}.correspondentieadres.straatnaam": 255,
    f"{KLANT}.correspondentieadres.huisnummertoevoeging": 20,
    f"{KLANT}.correspondentieadres.stad": 255,
    f"{KLANT}.correspondentieadres.adresregel1": 80,
    f"{KLANT}.correspondentieadres.adresregel2": 80,
    f"{KLANT}.correspondentieadres.adresregel3": 80,
    "onderwerpen.2.onderwerpId": 40,
    "onderwerpen.0.onderwerp": 200,
    "onderwerpen.0.inhoud": 1000,
    f"{TAAK}.gevraagdeHandeling": 200,
    f"{TAAK}.toelichting": 1000,
    f"{ZAAK}.zaak.codeRegister": 200,
    f"{KLANT}.authenticatie.middel": 256,
    f"{KLANT}.authenticatie.pseudoniem": 256,
    "vervolgOp.contactId": 256,
    "vervolgOp.onderwerpId": 40,
}

ENUMS = [
    "richting",
    "actoren.0.soortActor",
    f"{KLANT}.rol",
    f"{KLANT}.soortPartij",
    f"{KLANT}.toestemmingHergebruik",
    f"{KLANT}.digitaleAdressen.0.soortDigitaalAdres",
    f"{KLANT}.digitaleAdressen.0.gebruik",
    f"{KLANT}.bezoekadres.gebruik",
    f"{NUMMERS}.0.codeRegister",
    f"{NUMMERS}.0.codeObjecttype",
    f"{NUMMERS}.0.codeSoortObjectId",
    f"{TAAK}.soort",
]

OBJECTS = [
    "actoren.0",
    "actoren.0.actoridentificator",
    KLANT,
    f"{KLANT}.contactnaam",
    f"{KLANT}.authenticatie",
    f"{KLANT}.bezoekadres",
    f"{KLANT}.digitaleAdressen.0",
    f"{NUMMERS}.0",
    "onderwerpen.0",
    TAAK,
    f"{TAAK}.toegewezenAan",
    f"{ZAAK}.zaak",
    "vervolgOp",
]

LISTS = {
    "actoren": 50,
    "betrokkenen": 50,
    "onderwerpen": 50,
    f"{KLANT}.vertegenwoordigt": 50,
    "onderwerpen.0.betrokkenen": 50,
    f"{KLANT}.partijIdentificatoren": 20,
    f"{KLANT}.digitaleAdressen": 20,
    "onderwerpen.0.onderwerpobjecten": 20,
    "onderwerpen.0.bijlagen": 20,
}

BOOLEANS = ["totStandGekomen", "vertrouwelijk", "doorverbonden", f"{KLANT}.initiator"]

ONE_FIELD: list[Row] = [
    *each("required", "ontbreekt", REQUIRED, ABSENT),
    *each("null means absent", "ontbreekt", REQUIRED, None),
    *each("a number is no text", "verkeerd_type", TEXTS, 1),
    *each("a boolean is no text", "verkeerd_type", TEXTS, value=True),
    *each("a list is no text", "verkeerd_type", TEXTS, ["tekst"]),
    *each("an object is no text", "verkeerd_type", TEXTS, {"tekst": "tekst"}),
    *each("a text with a minimum length is not empty", "leeg", NOT_BLANK, ""),
    *each("nor blank", "leeg", NOT_BLANK, " \n\u00a0"),
    *each("half a surrogate pair is refused", "verkeerd_teken", TEXTS, f"a{HALF_A_PAIR}"),
    *each("NUL is refused", "verkeerd_teken", TEXTS, "a\0b"),
    *[row for path, most in MOST_CHARACTERS.items() for row in each("too long", "te_lang", [path], "1" * (most + 1))],
    *each("not in the list", "onbekende_waarde", ENUMS, "anders"),
    *each("a number is no text", "verkeerd_type", ENUMS, 1),
    *each("an object is no text", "verkeerd_type", ENUMS, {}),
    *each("upper case is another value", "onbekende_waarde", ["richting"], "INKOMEND"),
    *each("empty is another value", "onbekende_waarde", ENUMS, ""),
    *each("a text is no boolean", "verkeerd_type", BOOLEANS, "true"),
    *each("a number is no boolean", "verkeerd_type", BOOLEANS, 1),
    *each("a text is no object", "verkeerd_type", OBJECTS, "tekst"),
    *each("a list is no object", "verkeerd_type", OBJECTS, []),
    *each(
        "null in a list is no object", "verkeerd_type", ["actoren.0", "onderwerpen.0.bijlagen.0", f"{NUMMERS}.0"], None
    ),
    *each("null in a list is no text", "verkeerd_type", ["onderwerpen.0.betrokkenen.0"], None),
    *each("an object is no list", "verkeerd_type", list(LISTS), {}),
    *each("a text is no list", "verkeerd_type", list(LISTS), "k"),
    *each("at least one", "te_weinig", ["actoren", "onderwerpen"], []),
    *each("from 1 on", "buiten_bereik", ["revisie", f"{KLANT}.correspondentieadres.huisnummer"], 0),
    *each("from 1 on", "buiten_bereik", ["revisie"], -1),
    *each("up to 2^53 - 1", "buiten_bereik", ["revisie"], 2**53),
    *each("larger than any machine's", "buiten_bereik", ["revisie"], 10**40),
    *each("up to 99999", "buiten_bereik", [f"{KLANT}.correspondentieadres.huisnummer"], 100_000),
    *each("1.0 is no integer", "verkeerd_type", ["revisie", f"{KLANT}.correspondentieadres.huisnummer"], 1.0),
    *each(
        "a boolean is no number", "verkeerd_type", ["revisie", f"{KLANT}.correspondentieadres.huisnummer"], value=True
    ),
    *each("a text is no number", "verkeerd_type", ["revisie", f"{KLANT}.correspondentieadres.huisnummer"], "1"),
    *each("a number is no date-time", "verkeerd_type", MOMENTS, 1764493200),
    *each("no offset", "verkeerde_vorm", MOMENTS, "2026-11-30T09:50:00"),
    *each("no time", "verkeerde_vorm", MOMENTS, "2026-11-30"),
    *each("no seconds", "verkeerde_vorm", MOMENTS, "2026-11-30T09:50Z"),
    *each("a space is not of RFC 3339's grammar", "verkeerde_vorm", MOMENTS, "2026-11-30 09:50:00Z"),
    *each("no such day", "verkeerde_vorm", MOMENTS, "2026-02-30T09:50:00Z"),
    *each("no such hour", "verkeerde_vorm", MOMENTS, "2026-11-29T24:00:00Z"),
    *each("no such second", "verkeerde_vorm", MOMENTS, "2016-12-31T23:59:60Z"),
    *each("no such offset", "verkeerde_vorm", MOMENTS, "2026-11-30T09:50:00+24:00"),
    *each("an offset without a colon", "verkeerde_vorm", MOMENTS, "2026-11-30T09:50:00+0100"),
    *each("another digit than 0 to 9", "verkeerde_vorm", MOMENTS, "202٦-11-30T09:50:00Z"),
    *each("a blank before it", "verkeerde_vorm", MOMENTS, " 2026-11-30T09:50:00Z"),
    *each("an empty text", "verkeerde_vorm", ["plaatsgevondenOp"], ""),
    *each("before 1900", "buiten_bereik", MOMENTS, "1899-12-31T23:59:59Z"),
    *each("before 1900 in UTC", "buiten_bereik", MOMENTS, "1900-01-01T00:00:00+01:00"),
    *each("before the calendar", "buiten_bereik", MOMENTS, "0001-01-01T00:00:00+01:00"),
    *each("after 9998 in UTC", "buiten_bereik", ["beeindigdOp"], "9998-12-31T23:59:59-23:59"),
    *each("a year that no offset may carry over", "buiten_bereik", ["beeindigdOp"], "9999-12-31T23:59:59Z"),
    *each("lower case", "verkeerde_vorm", ["taal"], "NLD"),
    *each("three letters", "verkeerde_vorm", ["taal"], "nl"),
    *each("and nothing after them", "verkeerde_vorm", ["taal"], "nld\n"),
    *each("a space in it", "verkeerde_vorm", [f"{KLANT}.bezoekadres.postcode"], "1234AB"),
    *each("does not begin with 0", "verkeerde_vorm", [f"{KLANT}.bezoekadres.postcode"], "0234 AB"),
    *each("two capitals", "verkeerde_vorm", [f"{KLANT}.correspondentieadres.land"], "nl"),
    *each("sixteen digits", "verkeerde_vorm", [f"{KLANT}.correspondentieadres.nummeraanduidingId"], "123"),
    *each("a number is neither a ref nor an organisatie", "verkeerd_type", [f"{CONTACTPERSOON}.werkteVoor"], 3),
    *each("nor is a list", "verkeerd_type", [f"{CONTACTPERSOON}.werkteVoor"], ["o"]),
    *each("a ref is not blank", "leeg", [f"{CONTACTPERSOON}.werkteVoor"], " "),
]
"""Here the error stands at the path that is changed."""


@pytest.mark.parametrize(("reason", "changes", "expected"), ONE_FIELD)
@pytest.mark.parametrize("read", [structured, binary])
def test_a_wrong_field(read: Read, reason: str, changes: Changes, expected: list[str]) -> None:
    assert errors_told(read, changes) == expected, reason
