"""Where name and contact details may stand: `schemas/decision.md`, "Details"."""

from collections.abc import Mapping

import pytest

from tests.support.examples import (
    BOB,
    CALL_BACK,
    NEW_ZAAK,
    Wire,
    betrokkene,
    contact,
    email,
    known,
    kvk,
    naam,
    onderwerp,
    phone,
    postal,
    stranger,
)
from tests.unit.domain.desk import Desk

BOTH = [email(), phone()]
EARLIER = {
    "unknown": [],
    "empty": [known()],
    "filled": [known(toestemming="gegeven", adressen=[email("old@example.nl")])],
    # Consent without data: the withdrawal that emptied the partij was a mistake.
    "emptied": [known(toestemming="gegeven"), known(toestemming="ingetrokken"), known(toestemming="geweigerd")],
}


def standing(holder: Mapping[str, object]) -> str:
    """Return which details a betrokkene or partij has: "naam", "standaard" (the e-mail), "opvolging" (the phone)."""
    found = ["naam"] if "contactnaam" in holder else []
    adressen = holder["digitaleAdressen"]
    assert isinstance(adressen, list)
    kinds = {"email": "standaard", "telefoonnummer": "opvolging"}
    return " ".join(found + [kinds[each["soortDigitaalAdres"]] for each in adressen])


def row(reason: str, person: Wire, opvolging: Wire | None, at_betrokkene: str, at_partij: str | None) -> object:
    return pytest.param(person, opvolging, at_betrokkene, at_partij, id=reason)


def desk_where(partij: str) -> Desk:
    """A desk that knows the klant in some way."""
    desk = Desk()
    for index, person in enumerate(EARLIER[partij]):
        contact_id, revisie = ("e-2", index) if index else ("e-1", None)
        desk.bring(contact(contact_id, revisie=revisie, op=f"2026-02-0{index + 1}T09:00:00Z", betrokkenen=[person]))
    return desk


def given(toestemming: str | None = None) -> Wire:
    return known(toestemming=toestemming, adressen=BOTH)


@pytest.mark.parametrize(
    ("person", "opvolging", "at_betrokkene", "at_partij"),
    [
        row("V2 with a taak: all that was given", stranger(adressen=BOTH), CALL_BACK, "naam standaard opvolging", None),
        row("V2 with a zaak: the name", stranger(adressen=BOTH), NEW_ZAAK, "naam", None),
        row("V3 with a taak: all, since no partij carries it", given(), CALL_BACK, "naam standaard opvolging", ""),
        row("V3 with a zaak: nothing", given(), NEW_ZAAK, "", ""),
        row("V3 without follow-up: nothing", given(), None, "", ""),
        row("V4 with a taak: what serves the taak", given("gegeven"), CALL_BACK, "opvolging", "naam standaard"),
        row("V4 with a zaak: default details", given("gegeven"), NEW_ZAAK, "", "naam standaard"),
        row("V4 without follow-up: default details", given("gegeven"), None, "", "naam standaard"),
    ],
)
def test_a_new_betrokkene_has_details_where_the_rule_allows(
    person: Wire, opvolging: Wire | None, at_betrokkene: str, at_partij: str | None
) -> None:
    brought = Desk().bring(contact(betrokkenen=[person], onderwerpen=[onderwerp(opvolging=opvolging)]))
    assert standing(brought.betrokkene) == at_betrokkene
    assert [standing(each) for each in brought.registered[0]["partijen"]] == ([] if at_partij is None else [at_partij])


@pytest.mark.parametrize(
    ("partij", "toestemming", "resultaat", "at_betrokkene", "at_partij"),
    [
        pytest.param("empty", None, "leeg", "naam standaard opvolging", "", id="never any consent"),
        pytest.param("empty", "gegeven", "aangevuld", "opvolging", "naam standaard", id="consent now"),
        pytest.param("filled", None, "aangevuld", "opvolging", "naam standaard", id="under earlier consent"),
        pytest.param("filled", "geweigerd", "bestaand", "standaard opvolging", "", id="refused now: not to the partij"),
        pytest.param("filled", "ingetrokken", "leeg", "naam standaard opvolging", "", id="withdrawn now"),
        pytest.param(
            "emptied", "geweigerd", "bestaand", "naam standaard opvolging", "", id="no partij carries the name"
        ),
        pytest.param("emptied", None, "aangevuld", "opvolging", "naam standaard", id="not refused: it does again"),
    ],
)
def test_a_known_betrokkene_to_call_back_has_details_where_consent_allows(
    partij: str, toestemming: str | None, resultaat: str, at_betrokkene: str, at_partij: str
) -> None:
    data = contact(betrokkenen=[given(toestemming)], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    brought = desk_where(partij).bring(data)
    assert brought.partij["resultaat"] == resultaat
    assert standing(brought.betrokkene) == at_betrokkene
    assert standing(brought.partij) == at_partij


@pytest.mark.parametrize(
    ("person", "opvolging", "at_betrokkene", "at_partij"),
    [
        row("nobody gekend, a taak", stranger(adressen=BOTH), CALL_BACK, "naam standaard opvolging", None),
        row("nobody gekend, no follow-up", stranger(adressen=BOTH), None, "naam", None),
        row("no consent, a taak", given(), CALL_BACK, "naam standaard opvolging", ""),
        row("no consent, no follow-up", given(), None, "naam", ""),
        row("consent, a taak", given("gegeven"), CALL_BACK, "naam opvolging", "naam standaard"),
        row("consent, a zaak", given("gegeven"), NEW_ZAAK, "naam", "naam standaard"),
        row("consent, no follow-up", given("gegeven"), None, "naam", "naam standaard"),
    ],
)
def test_under_v0_the_name_stands_at_the_betrokkene_too(
    person: Wire, opvolging: Wire | None, at_betrokkene: str, at_partij: str | None
) -> None:
    desk = Desk()
    desk.bring(contact("first", onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    data = contact(
        betrokkenen=[person], onderwerpen=[onderwerp(opvolging=opvolging)], vervolg_op={"contactId": "first"}
    )
    brought = desk.bring(data)
    assert brought.besluit.onderwerpen[0].regel == "V0"
    assert standing(brought.betrokkene) == at_betrokkene
    assert [standing(each) for each in brought.registered[0]["partijen"]] == ([] if at_partij is None else [at_partij])


def test_only_follow_up_details_leave_the_partij_untouched() -> None:
    data = contact(betrokkenen=[known(adressen=[phone()])], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    brought = desk_where("filled").bring(data)
    assert brought.partij["resultaat"] == "bestaand"
    assert standing(brought.betrokkene) == "opvolging"
    assert standing(brought.partij) == ""


def test_details_too_old_for_the_partij_stand_at_the_betrokkene() -> None:
    late = contact(op="2026-01-01T09:00:00Z", betrokkenen=[given()], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    brought = desk_where("filled").bring(late)
    assert brought.partij["resultaat"] == "bestaand"
    assert standing(brought.betrokkene) == "standaard opvolging"
    assert standing(brought.partij) == ""


def test_a_name_alone_fills_an_empty_partij() -> None:
    brought = desk_where("empty").bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    assert (brought.partij["resultaat"], standing(brought.partij)) == ("aangevuld", "naam")


def test_another_betrokkene_under_v4_keeps_name_and_details_only_for_a_taak() -> None:
    people = [given("gegeven"), stranger("s", adressen=BOTH)]
    data = contact(betrokkenen=people, onderwerpen=[onderwerp("a"), onderwerp("b", opvolging=CALL_BACK)])
    brought = Desk().bring(data)
    standing_there = [[standing(each) for each in one["betrokkenen"]] for one in brought.registered]
    assert standing_there == [["", ""], ["opvolging", "naam standaard opvolging"]]


def test_each_gekende_follows_the_outcome_of_his_own_partij() -> None:
    people = [given("gegeven"), known("b", BOB, adressen=BOTH)]
    data = contact(betrokkenen=people, onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    [registered] = Desk().bring(data).registered
    assert [standing(each) for each in registered["betrokkenen"]] == ["opvolging", "naam standaard opvolging"]
    assert [standing(each) for each in registered["partijen"]] == ["naam standaard", ""]


def test_an_onderwerp_shows_only_the_betrokkenen_that_it_concerns() -> None:
    people = [given("gegeven"), known("b", BOB, adressen=BOTH)]
    data = contact(betrokkenen=people, onderwerpen=[onderwerp("a", betrokkenen=["b"], opvolging=CALL_BACK)])
    [registered] = Desk().bring(data).registered
    assert len(registered["betrokkenen"]) == len(registered["partijen"]) == 1
    assert registered["partijen"][0]["resultaat"] == "leeg"


def test_a_betrokkene_with_rol_overig_is_in_no_output() -> None:
    supplier = betrokkene("s", "overig", contactnaam=naam("Leverancier"), adressen=[phone()])
    [registered] = (
        Desk()
        .bring(contact(betrokkenen=[supplier, stranger()], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
        .registered
    )
    assert [each["contactnaam"] for each in registered["betrokkenen"]] == [naam()]


@pytest.mark.parametrize("field", ["bezoekadres", "correspondentieadres"])
@pytest.mark.parametrize(
    ("gebruik", "taak", "places"),
    [
        pytest.param("standaard", True, ("partij",), id="a default goes to the partij"),
        pytest.param("standaard", False, ("partij",), id="a default goes to the partij without a taak too"),
        pytest.param("opvolging", True, ("betrokkene",), id="for a taak it stands at the betrokkene"),
        pytest.param("opvolging", False, (), id="without a taak nowhere"),
        pytest.param(None, True, ("betrokkene",), id="for following up, when nothing is said"),
    ],
)
def test_a_postal_address_stands_where_its_gebruik_allows(
    field: str, gebruik: str | None, *, taak: bool, places: tuple[str, ...]
) -> None:
    person = {**known(toestemming="gegeven"), field: postal(gebruik=gebruik)}
    brought = Desk().bring(
        contact(betrokkenen=[person], onderwerpen=[onderwerp(opvolging=CALL_BACK if taak else None)])
    )
    expected = postal(gebruik=None)
    assert brought.betrokkene.get(field) == (expected if "betrokkene" in places else None)
    assert brought.partij.get(field) == (expected if "partij" in places else None)


@pytest.mark.parametrize("field", ["bezoekadres", "correspondentieadres"])
def test_a_default_postal_address_without_a_partij_serves_the_taak(field: str) -> None:
    person = {**known(), field: postal(gebruik="standaard")}
    brought = Desk().bring(contact(betrokkenen=[person], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    assert brought.betrokkene[field] == postal(gebruik=None)
    assert field not in brought.partij


def test_the_organisatienaam_is_treated_as_the_contactnaam_is() -> None:
    company = betrokkene(
        soort="organisatie",
        middel="eherkenning",
        identificatoren=[kvk("99990001")],
        other={"organisatienaam": "Bakkerij Bloem"},
    )
    with_taak = contact("c-1", betrokkenen=[company], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    brought = Desk().bring(with_taak)
    assert (brought.betrokkene["organisatienaam"], brought.partij.get("organisatienaam")) == ("Bakkerij Bloem", None)
    company["toestemmingHergebruik"] = "gegeven"
    brought = Desk().bring(with_taak | {"betrokkenen": [company]})
    assert (brought.betrokkene.get("organisatienaam"), brought.partij["organisatienaam"]) == (None, "Bakkerij Bloem")


# The employer of a contactpersoon


def employee(werkte_voor: Wire | str, toestemming: str | None) -> Wire:
    return betrokkene(
        "e",
        soort="contactpersoon",
        middel="eherkenning",
        pseudoniem="p-1",
        werkte_voor=werkte_voor,
        toestemming=toestemming,
    )


EMPLOYER: Wire = {"naam": "Bakkerij Bloem", "partijIdentificatoren": [kvk("99990001")]}


def test_the_employer_is_named_only_where_the_contactpersoon_may_be() -> None:
    named = {"organisatienaam": "Bakkerij Bloem", "partijIdentificatoren": [kvk("99990001")]}
    unnamed = {"partijIdentificatoren": [kvk("99990001")]}
    for toestemming, expected in (("gegeven", named), (None, unnamed)):
        data = contact(betrokkenen=[employee(EMPLOYER, toestemming)])
        assert Desk().bring(data).partij["werkteVoorPartij"] == expected


def test_the_employer_may_be_another_betrokkene() -> None:
    company = betrokkene(
        "o", soort="organisatie", identificatoren=[kvk("99990001")], other={"organisatienaam": "Bakkerij Bloem"}
    )
    data = contact(betrokkenen=[employee("o", "gegeven"), company])
    [registered] = Desk().bring(data).registered
    assert registered["partijen"][0]["werkteVoorPartij"] == {
        "organisatienaam": "Bakkerij Bloem",
        "partijIdentificatoren": [kvk("99990001")],
    }
    supplier = {**company, "rol": "overig"}
    [registered] = Desk().bring(contact(betrokkenen=[employee("o", "gegeven"), supplier])).registered
    assert "werkteVoorPartij" not in registered["partijen"][0]


def test_a_betrokkene_without_a_name_is_shown_without_one() -> None:
    brought = Desk().bring(
        contact(betrokkenen=[betrokkene(middel="digid")], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    )
    assert "contactnaam" not in brought.betrokkene
    assert "werkteVoorPartij" not in brought.partij
