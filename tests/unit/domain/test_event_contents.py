"""The parts of each event, and the topic it goes to: `schemas/decision.md`, "Rows", "Details"."""

import pytest

from services.domain.policy import Beleid
from tests.support.examples import (
    ALICE,
    CALL_BACK,
    EMAIL,
    MOBILE,
    SOURCE,
    ZAAK,
    Wire,
    betrokkene,
    contact,
    email,
    known,
    naam,
    onderwerp,
    phone,
    stranger,
)
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.oracle_facts import name_based_id

BOOM: Wire = {"codeRegister": "objecten", "codeObjecttype": "boom", "codeSoortObjectId": "id", "objectId": "b-1"}
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_there_is_one_klantcontact_for_each_onderwerp_and_its_taak_follows_it() -> None:
    data = contact(
        onderwerpen=[onderwerp("a", opvolging=CALL_BACK), onderwerp("b"), onderwerp("c", opvolging=CALL_BACK)]
    )
    brought = Desk().bring(data)
    assert [(each.kind, each.data["herkomst"]["onderwerpId"]) for each in brought.sent] == [
        ("klantcontact.registered", "a"),
        ("taak.created", "a"),
        ("klantcontact.registered", "c"),
        ("taak.created", "c"),
    ]
    numbers = [each["klantcontact"]["nummer"] for each in brought.registered]
    assert numbers == ["1", "2"]
    assert [
        each.data["interneTaak"]["aanleidinggevendKlantcontact"]["nummer"] for each in brought.of_kind("taak.created")
    ] == numbers


def test_the_events_of_one_onderwerp_show_nothing_of_another() -> None:
    def subject(name: str, ref: str) -> Wire:
        handeling = {**CALL_BACK, "gevraagdeHandeling": f"handeling-{name}", "toelichting": f"toelichting-{name}"}
        objects = {
            "onderwerpobjecten": [{**BOOM, "objectId": f"object-{name}"}],
            "bijlagen": [{**BOOM, "objectId": f"bijlage-{name}"}],
        }
        return onderwerp(
            name,
            opvolging=handeling,
            betrokkenen=[ref],
            tekst=f"tekst-{name}",
            other={**objects, "inhoud": f"inhoud-{name}"},
        )

    people = [betrokkene(ref, contactnaam=naam(f"naam-{ref}"), adressen=[phone(f"phone-{ref}")]) for ref in ("x", "y")]
    brought = Desk().bring(contact(betrokkenen=people, onderwerpen=[subject("one", "x"), subject("two", "y")]))
    for each in brought.sent:
        other, ref = ("two", "y") if each.data["herkomst"]["onderwerpId"] == "one" else ("one", "x")
        assert not [word for word in (f"-{other}", f"-{ref}") if word in str(each.body)]


# Vertrouwelijk


def test_onderwerp_and_inhoud_of_a_vertrouwelijk_contact_are_in_its_own_event_only() -> None:
    asked = {**CALL_BACK, "gevraagdeHandeling": "verborgen-handeling", "toelichting": "verborgen-toelichting"}
    data = contact(
        vertrouwelijk=True,
        onderwerpen=[onderwerp(opvolging=asked, tekst="geheim-onderwerp", other={"inhoud": "geheim-inhoud"})],
    )
    registered, created = Desk().bring(data).sent
    assert (registered.stream, registered.key) == ("confidential", name_based_id(SOURCE, "klantcontact", "c-1", "0"))
    assert registered.data["klantcontact"]["vertrouwelijk"] is True
    assert registered.data["klantcontact"]["onderwerp"] == "geheim-onderwerp"
    assert registered.data["klantcontact"]["inhoud"] == "geheim-inhoud"
    assert (created.stream, created.key) == ("confidential_taak", registered.key)
    assert created.data["interneTaak"]["vertrouwelijk"] is True
    assert created.data["interneTaak"]["gevraagdeHandeling"] == "verborgen-handeling"
    assert created.data["interneTaak"]["toelichting"] == "verborgen-toelichting"
    assert "geheim" not in str(created.body)
    assert "verborgen" not in str(registered.body)


# Defaults


@pytest.mark.parametrize(
    ("richting", "stated", "expected"),
    [
        ("inkomend", None, [True, False]),
        ("uitgaand", None, [False, False]),
        ("inkomend", False, [False, False]),
        ("uitgaand", True, [True, False]),
    ],
)
def test_the_initiator_is_the_stated_one_or_follows_from_the_richting(
    richting: str, *, stated: bool | None, expected: list[bool]
) -> None:
    first = stranger() if stated is None else {**stranger(), "initiator": stated}
    data = contact(
        betrokkenen=[first, stranger("s")],
        onderwerpen=[onderwerp(opvolging=CALL_BACK)],
        other={"richting": richting},
    )
    [registered] = Desk().bring(data).registered
    assert [each["initiator"] for each in registered["betrokkenen"]] == expected


@pytest.mark.parametrize(("given", "expected"), [(True, True), (None, None)])
def test_tot_stand_gekomen_becomes_indicatie_contact_gelukt(*, given: bool | None, expected: bool | None) -> None:
    data = contact(betrokkenen=[known()], other={"totStandGekomen": given})
    assert klantcontact(Desk().bring(data))["indicatieContactGelukt"] is expected


def test_an_absent_tot_stand_gekomen_counts_as_true() -> None:
    assert klantcontact(Desk().bring(contact(betrokkenen=[known()])))["indicatieContactGelukt"] is True


def test_the_taal_of_the_policy_stands_in_for_an_absent_one() -> None:
    beleid = Beleid(versie="ours", standaard_taal="fry")
    assert klantcontact(Desk(beleid).bring(contact(betrokkenen=[known()])))["taal"] == "fry"
    assert klantcontact(Desk(beleid).bring(contact(betrokkenen=[known()], other={"taal": "eng"})))["taal"] == "eng"


def test_every_event_names_the_policy_it_was_decided_under() -> None:
    brought = Desk(Beleid(versie="ours")).bring(contact(onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    assert {each.data["besluit"]["beleidsversie"] for each in brought.sent} == {"ours"}


def test_a_zaak_under_another_soort_is_ignored() -> None:
    data = contact(betrokkenen=[known()], onderwerpen=[onderwerp(opvolging={"soort": "geen", "zaak": ZAAK})])
    assert Desk().bring(data).registered[0]["onderwerpobjecten"] == []


@pytest.mark.parametrize("traceparent", ["B. Hageman", "00-xyz", TRACEPARENT.upper()])
def test_only_a_real_traceparent_is_carried_through(traceparent: str) -> None:
    brought = Desk().bring(contact(betrokkenen=[known()]), other={"traceparent": traceparent})
    assert "traceparent" not in brought.sent[0].body


def test_nothing_personal_is_in_an_attribute_or_a_key() -> None:
    person = known(toestemming="gegeven", adressen=[email(), phone()])
    brought = Desk().bring(contact(betrokkenen=[person], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    for each in brought.sent:
        around = str({name: value for name, value in each.body.items() if name != "data"}) + each.key
        assert not [value for value in (ALICE, EMAIL, MOBILE, "Hageman", "Vraag") if value in around]


def klantcontact(brought: Brought) -> Wire:
    found: Wire = brought.registered[0]["klantcontact"]
    return found
