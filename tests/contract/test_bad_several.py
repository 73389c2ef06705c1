"""Every error is told at once, also several in one object; but none that only follows from another.

Each row changes one valid event; its reason stands beside it, what is expected is written by hand from
`schemas/decision.md`, "Validity". The paths of a row are those within `data`.
"""

import pytest

from tests.contract.bad_data import (
    ADDRESS,
    COLLEAGUE,
    COLLEAGUE_WITHDRAWS,
    CONTACTPERSOON,
    KLANT,
    NUMMERS,
    ORGANISATIE,
    OWN_NUMMERS,
    TAAK,
    WRONG_BSN,
    Row,
    errors_told,
)
from tests.contract.changes import ABSENT, Changes, Read, binary, structured
from tests.support.examples import ALICE, bsn, kvk, vestiging

AT_ONCE: list[Row] = [
    (
        "everywhere",
        {"kanaal": ABSENT, "actoren.0.naam": 1, "onderwerpen.0.onderwerp": "", f"{OWN_NUMMERS}.0.objectId": WRONG_BSN},
        [
            "actoren.0.naam verkeerd_type",
            f"{OWN_NUMMERS}.0.objectId elfproef",
            "kanaal ontbreekt",
            "onderwerpen.0.onderwerp leeg",
        ],
    ),
    (
        "within one betrokkene",
        {
            f"{KLANT}.rol": "x",
            f"{KLANT}.contactnaam.voornaam": "x" * 201,
            f"{OWN_NUMMERS}.0.objectId": WRONG_BSN,
            ADDRESS: {},
        },
        [
            f"{ADDRESS} leeg",
            f"{KLANT}.contactnaam.voornaam te_lang",
            f"{OWN_NUMMERS}.0.objectId elfproef",
            f"{KLANT}.rol onbekende_waarde",
        ],
    ),
    (
        "within one identificator",
        {f"{OWN_NUMMERS}.0.codeRegister": "x", f"{OWN_NUMMERS}.0.objectId": WRONG_BSN},
        [f"{OWN_NUMMERS}.0.codeRegister onbekende_waarde", f"{OWN_NUMMERS}.0.objectId elfproef"],
    ),
    (
        "within one onderwerp",
        {f"{TAAK}": {"soort": "interne_taak", "gevraagdeHandeling": "x" * 201}, "onderwerpen.0.betrokkenen": ["q", 1]},
        [
            "onderwerpen.0.betrokkenen.0 onbekende_ref",
            "onderwerpen.0.betrokkenen.1 verkeerd_type",
            f"{TAAK}.gevraagdeHandeling te_lang",
            f"{TAAK}.toegewezenAan ontbreekt",
        ],
    ),
    (
        "of a wrong list too",
        {"actoren": [{"soortActor": "x", "naam": "n"}, *([{"soortActor": "medewerker", "naam": "n"}] * 50)]},
        ["actoren te_veel", "actoren.0.soortActor onbekende_waarde"],
    ),
    (
        "two refs that are both too long and the same",
        {f"{KLANT}.ref": "k" * 41, f"{COLLEAGUE}.ref": "k" * 41, "onderwerpen.0.betrokkenen": []},
        [f"{KLANT}.ref te_lang", f"{COLLEAGUE}.ref dubbel", f"{COLLEAGUE}.ref te_lang"],
    ),
]

NOTHING_FOLLOWS: list[Row] = [
    ("from unreadable betrokkenen no unknown refs", {"betrokkenen": "x"}, ["betrokkenen verkeerd_type"]),
    ("nor from missing ones", {"betrokkenen": ABSENT}, ["betrokkenen ontbreekt"]),
    ("nor from a missing ref", {f"{KLANT}.ref": ABSENT}, [f"{KLANT}.ref ontbreekt"]),
    ("nor from one that is no object", {KLANT: 1}, [f"{KLANT} verkeerd_type"]),
    (
        "from unreadable onderwerpen no bystander",
        {**COLLEAGUE_WITHDRAWS, f"{COLLEAGUE}.rol": "klant", "onderwerpen": "x"},
        ["onderwerpen verkeerd_type"],
    ),
    (
        "nor from unreadable refs in one",
        {**COLLEAGUE_WITHDRAWS, f"{COLLEAGUE}.rol": "klant", "onderwerpen": [{"onderwerp": "x", "betrokkenen": 1}]},
        ["onderwerpen.0.betrokkenen verkeerd_type"],
    ),
    (
        "from an unknown soortPartij no wrong number",
        {f"{ORGANISATIE}.soortPartij": "x", f"{CONTACTPERSOON}.werkteVoor": "o"},
        [f"{ORGANISATIE}.soortPartij onbekende_waarde"],
    ),
    ("from an unreadable number no missing one", {f"{NUMMERS}.0": "x"}, [f"{NUMMERS}.0 verkeerd_type"]),
    (
        "from an unreadable kind no missing one",
        {f"{NUMMERS}.0.codeSoortObjectId": "x"},
        [f"{NUMMERS}.0.codeSoortObjectId onbekende_waarde"],
    ),
    (
        "from an unreadable number no other partij",
        {
            f"{NUMMERS}.0.objectId": 1,
            "betrokkenen.4": {
                "ref": "z",
                "rol": "klant",
                "soortPartij": "organisatie",
                "partijIdentificatoren": [vestiging("999900000001"), kvk("99990001")],
            },
        },
        [f"{NUMMERS}.0.objectId verkeerd_type"],
    ),
    (
        "from an unknown soort no missing field",
        {f"{TAAK}.soort": "x", f"{TAAK}.toegewezenAan": ABSENT},
        [f"{TAAK}.soort onbekende_waarde"],
    ),
    (
        "from an actor of the wrong type no missing one",
        {f"{TAAK}.toegewezenAan": "Jan"},
        [f"{TAAK}.toegewezenAan verkeerd_type"],
    ),
    (
        "from an unreadable field no empty address",
        {ADDRESS: {"huisnummer": "1"}},
        [f"{ADDRESS}.huisnummer verkeerd_type"],
    ),
    (
        "from an unreadable onderwerpId no doubled one",
        {"onderwerpen.0.onderwerpId": 5, "onderwerpen.1.onderwerpId": "0"},
        ["onderwerpen.0.onderwerpId verkeerd_type"],
    ),
    ("from an unreadable moment no future", {"plaatsgevondenOp": "morgen"}, ["plaatsgevondenOp verkeerde_vorm"]),
    (
        "from an unreadable rol no same partij",
        {f"{KLANT}.rol": 1, "betrokkenen.4": {"ref": "z", "rol": "klant", "partijIdentificatoren": [bsn(ALICE)]}},
        [f"{KLANT}.rol verkeerd_type"],
    ),
]


@pytest.mark.parametrize(("reason", "changes", "expected"), [*AT_ONCE, *NOTHING_FOLLOWS])
@pytest.mark.parametrize("read", [structured, binary])
def test_several_errors(read: Read, reason: str, changes: Changes, expected: list[str]) -> None:
    assert errors_told(read, changes) == expected, reason
