"""What several fields of an event must agree on.

Each row changes one valid event; its reason stands beside it, what is expected is written by hand from
`schemas/decision.md`, "Validity". The paths of a row are those within `data`.
"""

import pytest

from tests.contract.bad_data import (
    ADDRESS,
    COLLEAGUE,
    CONTACTPERSOON,
    EMPLOYER,
    KLANT,
    MEANS,
    NUMMERS,
    ORGANISATIE,
    OWN_NUMMERS,
    TAAK,
    WRONG_BSN,
    Row,
    errors_told,
)
from tests.contract.changes import ABSENT, Changes, Read, binary, structured
from tests.support.examples import ALICE, BOB, bsn, kvk, rsin, vestiging

NAMES: list[Row] = [
    ("a ref is unique", {f"{COLLEAGUE}.ref": "k"}, [f"{COLLEAGUE}.ref dubbel"]),
    (
        "a ref that nobody has",
        {f"{CONTACTPERSOON}.vertegenwoordigt.0": "q"},
        [f"{CONTACTPERSOON}.vertegenwoordigt.0 onbekende_ref"],
    ),
    ("a ref that nobody has", {"onderwerpen.0.betrokkenen.1": "q"}, ["onderwerpen.0.betrokkenen.1 onbekende_ref"]),
    ("a ref that nobody has", {f"{CONTACTPERSOON}.werkteVoor": "q"}, [f"{CONTACTPERSOON}.werkteVoor onbekende_ref"]),
    ("a ref is not trimmed", {"onderwerpen.0.betrokkenen.0": "k "}, ["onderwerpen.0.betrokkenen.0 onbekende_ref"]),
    ("representing oneself", {f"{KLANT}.vertegenwoordigt": ["k"]}, [f"{KLANT}.vertegenwoordigt.0 niet_toegestaan"]),
    ("an onderwerpId is unique", {"onderwerpen.1.onderwerpId": "o-0"}, ["onderwerpen.1.onderwerpId dubbel"]),
    (
        "also against a default, which is the position",
        {"onderwerpen.1.onderwerpId": "2"},
        ["onderwerpen.2.onderwerpId dubbel"],
    ),
    (
        "one works for an organisatie",
        {f"{CONTACTPERSOON}.werkteVoor": "k"},
        [f"{CONTACTPERSOON}.werkteVoor niet_toegestaan"],
    ),
]

NUMBERS: list[Row] = [
    ("the 11-proef of a bsn", {f"{OWN_NUMMERS}.0.objectId": WRONG_BSN}, [f"{OWN_NUMMERS}.0.objectId elfproef"]),
    ("the 11-proef of a rsin", {f"{NUMMERS}.2.objectId": WRONG_BSN}, [f"{NUMMERS}.2.objectId elfproef"]),
    ("nobody's number", {f"{OWN_NUMMERS}.0.objectId": "000000000"}, [f"{OWN_NUMMERS}.0.objectId elfproef"]),
    ("9 digits", {f"{OWN_NUMMERS}.0.objectId": "99990002"}, [f"{OWN_NUMMERS}.0.objectId verkeerde_vorm"]),
    ("digits only", {f"{OWN_NUMMERS}.0.objectId": "9999.00.020"}, [f"{OWN_NUMMERS}.0.objectId verkeerde_vorm"]),
    ("other digits than 0 to 9", {f"{OWN_NUMMERS}.0.objectId": "٩" * 9}, [f"{OWN_NUMMERS}.0.objectId verkeerde_vorm"]),
    ("8 digits", {f"{NUMMERS}.0.objectId": "999900010"}, [f"{NUMMERS}.0.objectId verkeerde_vorm"]),
    ("12 digits", {f"{NUMMERS}.1.objectId": "99990000001"}, [f"{NUMMERS}.1.objectId verkeerde_vorm"]),
    (
        "another register",
        {f"{OWN_NUMMERS}.0.codeRegister": "hr"},
        [f"{OWN_NUMMERS}.0.codeSoortObjectId niet_toegestaan"],
    ),
    (
        "another objecttype",
        {f"{NUMMERS}.1.codeObjecttype": "niet_natuurlijk_persoon"},
        [f"{NUMMERS}.1.codeSoortObjectId niet_toegestaan"],
    ),
    ("a vestiging needs its kvk_nummer", {f"{NUMMERS}.0": ABSENT}, [f"{NUMMERS}.2 ontbreekt"]),
    ("two of one kind", {f"{OWN_NUMMERS}.1": bsn(BOB)}, [f"{OWN_NUMMERS}.1.codeSoortObjectId dubbel"]),
    (
        "a persoon has a bsn",
        {f"{OWN_NUMMERS}.0": kvk("99990002")},
        [f"{OWN_NUMMERS}.0.codeSoortObjectId niet_toegestaan"],
    ),
    ("an organisatie has none", {f"{NUMMERS}.2": bsn(BOB)}, [f"{NUMMERS}.2.codeSoortObjectId niet_toegestaan"]),
    (
        "a contactpersoon has none of its own",
        {f"{CONTACTPERSOON}.partijIdentificatoren": [bsn(BOB)]},
        [f"{CONTACTPERSOON}.partijIdentificatoren.0.codeSoortObjectId niet_toegestaan"],
    ),
    (
        "an employer is an organisatie",
        {f"{CONTACTPERSOON}.werkteVoor": {"partijIdentificatoren": [bsn(BOB)]}},
        [f"{CONTACTPERSOON}.werkteVoor.partijIdentificatoren.0.codeSoortObjectId niet_toegestaan"],
    ),
    (
        "an employer's numbers are checked",
        {f"{CONTACTPERSOON}.werkteVoor": {"partijIdentificatoren": [rsin(WRONG_BSN)]}},
        [f"{CONTACTPERSOON}.werkteVoor.partijIdentificatoren.0.objectId elfproef"],
    ),
    (
        "numbers of `overig` are checked too",
        {f"{COLLEAGUE}.partijIdentificatoren": [bsn(WRONG_BSN)]},
        [f"{COLLEAGUE}.partijIdentificatoren.0.objectId elfproef"],
    ),
]

SAME_PARTIJ: list[Row] = [
    (
        "two with one bsn",
        {"betrokkenen.4": {"ref": "z", "rol": "klant", "partijIdentificatoren": [bsn(ALICE)]}},
        ["betrokkenen.4.partijIdentificatoren.0 dubbele_partij"],
    ),
    (
        "of another rol too, gekend or not",
        {
            f"{ORGANISATIE}": {"ref": "o", "rol": "vertegenwoordiger", "partijIdentificatoren": [bsn(ALICE)]},
            f"{CONTACTPERSOON}.werkteVoor": {},
        },
        [f"{ORGANISATIE}.partijIdentificatoren.0 dubbele_partij"],
    ),
    (
        "one vestiging twice",
        {
            "betrokkenen.4": {
                "ref": "z",
                "rol": "klant",
                "soortPartij": "organisatie",
                "partijIdentificatoren": [vestiging("999900000001"), kvk("99990001")],
            }
        },
        ["betrokkenen.4.partijIdentificatoren.0 dubbele_partij"],
    ),
    (
        "one pseudoniem at one employer",
        {"betrokkenen.4": {**EMPLOYER, "authenticatie": MEANS, "werkteVoor": "o"}},
        ["betrokkenen.4.werkteVoor dubbele_partij"],
    ),
]

COMBINATIONS: list[Row] = [
    (
        "5 minutes after the record at most",
        {"plaatsgevondenOp": "2026-12-01T12:05:00.000001Z"},
        ["plaatsgevondenOp in_de_toekomst"],
    ),
    ("whatever the offset", {"plaatsgevondenOp": "2026-12-01T13:10:00+01:00"}, ["plaatsgevondenOp in_de_toekomst"]),
    ("an address without content", {ADDRESS: {}}, [f"{ADDRESS} leeg"]),
    ("a gebruik is no content", {ADDRESS: {"gebruik": "standaard"}}, [f"{ADDRESS} leeg"]),
    ("nor is blank text", {ADDRESS: {"stad": " ", "straatnaam": ""}}, [f"{ADDRESS} leeg"]),
    ("nor is an unknown field", {ADDRESS: {"plaats": "Ons Dorp"}}, [f"{ADDRESS} leeg"]),
    (
        "an interne taak has both",
        {TAAK: {"soort": "interne_taak"}},
        [f"{TAAK}.gevraagdeHandeling ontbreekt", f"{TAAK}.toegewezenAan ontbreekt"],
    ),
    ("a running zaak too", {TAAK: {"soort": "zaak_bestaand"}}, [f"{TAAK}.zaak ontbreekt"]),
    ("neither form", {"vervolgOp": {}}, ["vervolgOp.contactId ontbreekt", "vervolgOp.klantcontactId ontbreekt"]),
    ("an onderwerpId belongs to a contactId", {"vervolgOp": {"onderwerpId": "0"}}, ["vervolgOp.contactId ontbreekt"]),
    ("both forms", {"vervolgOp": {"klantcontactId": "x", "contactId": "c"}}, ["vervolgOp.contactId niet_toegestaan"]),
    (
        "an onderwerpId beside a klantcontactId",
        {"vervolgOp": {"klantcontactId": "x", "onderwerpId": "0"}},
        ["vervolgOp.onderwerpId niet_toegestaan"],
    ),
    (
        "withdrawn by who no onderwerp concerns",
        {f"{KLANT}.toestemmingHergebruik": "ingetrokken", "onderwerpen": [{"onderwerp": "x", "betrokkenen": ["o"]}]},
        [f"{KLANT}.toestemmingHergebruik niet_toegestaan"],
    ),
    (
        "an empty list concerns nobody",
        {f"{KLANT}.toestemmingHergebruik": "ingetrokken", "onderwerpen": [{"onderwerp": "x", "betrokkenen": []}]},
        [f"{KLANT}.toestemmingHergebruik niet_toegestaan"],
    ),
]


@pytest.mark.parametrize(("reason", "changes", "expected"), [*NAMES, *NUMBERS, *SAME_PARTIJ, *COMBINATIONS])
@pytest.mark.parametrize("read", [structured, binary])
def test_wrong_fields(read: Read, reason: str, changes: Changes, expected: list[str]) -> None:
    assert errors_told(read, changes) == expected, reason
