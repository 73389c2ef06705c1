"""The decision table, row by row: `schemas/decision.md`, "Rows"."""

import pytest

from schemas.outputs import Regel
from services.domain.rules import TABLE
from tests.support.examples import (
    AFDELING,
    CALL_BACK,
    CAROL,
    NEW_ZAAK,
    RUNNING_ZAAK,
    Wire,
    betrokkene,
    bsn,
    contact,
    known,
    onderwerp,
    phone,
    stranger,
)
from tests.unit.domain.desk import outcome, summaries

SUPPLIER = betrokkene("s", "overig", middel="eherkenning", adressen=[phone()])
FAILED: Wire = {"totStandGekomen": False}


def row(reason: str, expected: str, data: Wire) -> object:
    return pytest.param(expected, data, id=reason)


def one(person: Wire, opvolging: Wire | None = None, other: Wire | None = None) -> Wire:
    """A contact with one betrokkene and one onderwerp."""
    return contact(betrokkenen=[person], onderwerpen=[onderwerp(opvolging=opvolging)], other=other)


@pytest.mark.parametrize(
    ("expected", "data"),
    [
        row("nobody from outside: an internal contact", "G1 niets", contact(betrokkenen=[])),
        row("only a chain partner, authenticated or not", "G1 niets", one(SUPPLIER)),
        row("also when a colleague has to call the supplier", "G1 niets", one(SUPPLIER, CALL_BACK)),
        row("a vertegenwoordiger is from outside", "V1 niets", one(betrokkene(rol="vertegenwoordiger"))),
        row("hung up in the queue", "G2 niets", one(stranger(), other=FAILED)),
        row("nothing counts in it: no taak", "G2 niets", one(stranger(), CALL_BACK, FAILED)),
        row("nothing counts in it: no partij", "G2 niets", one(known(toestemming="gegeven"), other=FAILED)),
        row("G1 goes before G2", "G1 niets", one(SUPPLIER, other=FAILED)),
        row("unknown whether it arose: it counts", "V1 niets", one(stranger(), other={"totStandGekomen": None})),
        row("a sent letter counts", "V3 klantcontact, partij leeg", one(known(), other={"totStandGekomen": None})),
        row("a stranger's question, answered at once", "V1 niets", one(stranger())),
        row("a transfer is no follow-up", "V1 niets", one(stranger(), other={"doorverbonden": True})),
        row("details that serve nothing are not kept", "V1 niets", one(stranger(adressen=[phone()]))),
        row("a stranger must be called back", "V2 klantcontact, taak", one(stranger(), CALL_BACK)),
        row(
            "on the number that was given",
            "V2 klantcontact, taak, contactgegevens",
            one(stranger(adressen=[phone()]), CALL_BACK),
        ),
        row("a zaak follows: no taak", "V2 klantcontact", one(stranger(), NEW_ZAAK)),
        row("a running zaak too", "V2 klantcontact", one(stranger(), RUNNING_ZAAK)),
        row("with a zaak the details live there", "V2 klantcontact", one(stranger(adressen=[phone()]), NEW_ZAAK)),
        row("consent was not asked", "V3 klantcontact, partij leeg", one(known())),
        row("consent is refused", "V3 klantcontact, partij leeg", one(known(toestemming="geweigerd"))),
        row("withdrawn, never given", "V3 klantcontact, partij leeg", one(known(toestemming="ingetrokken"))),
        row("with a taak", "V3 klantcontact, taak, partij leeg", one(known(), CALL_BACK)),
        row("with a zaak", "V3 klantcontact, partij leeg", one(known(), RUNNING_ZAAK)),
        row("consent is given", "V4 klantcontact, partij nieuw", one(known(toestemming="gegeven"))),
        row("and a taak asked", "V4 klantcontact, taak, partij nieuw", one(known(toestemming="gegeven"), CALL_BACK)),
        row("and a zaak made", "V4 klantcontact, partij nieuw", one(known(toestemming="gegeven"), NEW_ZAAK)),
    ],
)
def test_each_row_of_the_table_has_its_outcome(expected: str, data: Wire) -> None:
    assert outcome(data) == expected


def test_each_onderwerp_is_judged_by_itself() -> None:
    data = contact(onderwerpen=[onderwerp("a"), onderwerp("b", opvolging=CALL_BACK), onderwerp("c")])
    assert summaries(data) == ["V1 niets", "V2 klantcontact, taak", "V1 niets"]


def test_an_onderwerp_that_concerns_nobody_is_v1_or_v2() -> None:
    data = contact(
        betrokkenen=[known(toestemming="gegeven")],
        onderwerpen=[
            onderwerp("a", betrokkenen=[]),
            onderwerp("b", betrokkenen=[], opvolging=CALL_BACK),
            onderwerp("c"),
        ],
    )
    assert summaries(data) == ["V1 niets", "V2 klantcontact, taak", "V4 klantcontact, partij nieuw"]


def test_the_rule_follows_the_first_gekende_of_the_onderwerp() -> None:
    first = betrokkene("first", middel="digid", identificatoren=[bsn()])
    data = contact(
        betrokkenen=[stranger("s"), first, known("second", CAROL, toestemming="gegeven")],
        onderwerpen=[
            onderwerp("a"),
            onderwerp("b", betrokkenen=["second", "first"]),
            onderwerp("c", betrokkenen=["second"]),
            onderwerp("d", betrokkenen=["s"]),
        ],
    )
    assert summaries(data) == [
        "V3 klantcontact, partij leeg",
        "V3 klantcontact, partij leeg",
        "V4 klantcontact, partij nieuw",
        "V1 niets",
    ]


def test_the_first_gekende_goes_by_order_whatever_the_rol() -> None:
    representative = known("v", toestemming="gegeven", rol="vertegenwoordiger")
    data = contact(betrokkenen=[representative, known("k", CAROL)])
    assert summaries(data) == ["V4 klantcontact, partij nieuw"]


def test_an_interne_taak_is_made_exactly_when_the_contact_asks_for_it() -> None:
    # What belongs to a taak does not ask for one by itself.
    half: Wire = {
        "soort": "zaak_nieuw",
        "zaak": NEW_ZAAK["zaak"],
        "toegewezenAan": AFDELING,
        "gevraagdeHandeling": "Bel",
    }
    assert outcome(one(known(), half)) == "V3 klantcontact, partij leeg"
    assert outcome(one(stranger(), {"toegewezenAan": AFDELING, "gevraagdeHandeling": "Bel"})) == "V1 niets"


def test_the_table_has_each_rule_once_in_the_order_in_which_they_are_tried() -> None:
    assert [rule.regel for rule in TABLE] == list(Regel)


def test_the_table_names_the_rules_that_register_a_klantcontact() -> None:
    assert [rule.regel.value for rule in TABLE if rule.klantcontact] == ["V0", "V2", "V3", "V4"]


def test_every_rule_has_a_source_and_words_of_its_own() -> None:
    assert all(rule.source for rule in TABLE)
    assert len({rule.toelichting for rule in TABLE}) == len(TABLE)
