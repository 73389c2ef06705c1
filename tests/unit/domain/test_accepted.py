"""What is accepted though it may look wrong, and other edges of validity: `schemas/decision.md`, "Validity"."""

import pytest

from services.domain.policy import DEFAULT
from services.operations.classify import classify
from tests.support.examples import (
    ALICE,
    BOB,
    ZAAK,
    Wire,
    contact,
    event,
    known,
    line,
    stranger,
    vestiging,
)
from tests.unit.domain.desk import answers
from tests.unit.domain.validity import (
    K1,
    K2,
    TOPIC,
    TWICE,
    V1,
    bystander,
    company,
    employee,
    employer,
    people,
    refusals_of,
    row,
    subject,
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        row("an address with a house number only", people({**stranger(), "bezoekadres": {"huisnummer": 1}})),
        row("beeindigdOp before the start", contact(other={"beeindigdOp": "2026-03-01T00:00:00Z"})),
        row("every part of a contactnaam may be absent", people({**stranger(), "contactnaam": {}})),
        row("opvolging.soort may be absent", subject({"toelichting": "x"})),
        row("codes of land and taal are not looked up", contact(other={"taal": "xxx"})),
        row(
            "phone numbers are taken as given",
            people(stranger(adressen=[{"soortDigitaalAdres": "telefoonnummer", "adres": "06-12 34"}])),
        ),
        row(
            "two vestigingen of one kvk_nummer",
            people(company(V1, K1), company(vestiging("999900000002"), K1, ref="p")),
        ),
        row("a vestiging and its parent", people(company(V1, K1), company(K1, ref="p"))),
        row("the same pseudoniem at two employers", people(employee(employer(K1)), employee(employer(K2), ref="f"))),
        row(
            "two pseudoniemen at one employer",
            people(employee(employer(K1)), employee(employer(K1), ref="f", pseudoniem="p-2")),
        ),
        row("a pseudoniem without employer twice", people(employee(None), employee(None, ref="f"))),
        row("the same partij twice when one is overig", people(company(K1), company(K1, ref="p", rol="overig"))),
        row("an employer with a name only", people(employee({"naam": "Bakkerij"}))),
        row("an employer without anything", people(employee({}))),
        row("an employer that is overig", people(stranger(), company(K1, rol="overig"), employee("o"))),
        row("werkteVoor at another is ignored, whatever it holds", people({**stranger(), "werkteVoor": 7})),
        row("zaak under another soort is ignored, whatever it holds", subject({"soort": "geen", "zaak": 7})),
        row("an overig bystander withdraws", bystander({"rol": "overig"})),
        row("a bystander withdraws where nothing counts", bystander() | {"totStandGekomen": False}),
        row("a bystander refuses", bystander({"toestemmingHergebruik": "geweigerd"})),
        row("a null for what may be absent", people({**stranger(), "bezoekadres": None, "digitaleAdressen": None})),
        row("an unknown field, whatever it holds", contact(other={"later": {"deeper": [None]}})),
    ],
)
def test_it_is_accepted(data: Wire, expected: list[str]) -> None:
    assert refusals_of(data) == expected


def test_two_at_the_same_place_are_one() -> None:
    assert refusals_of(people(known("a", ALICE), known("b", BOB), known("c", ALICE))) == [
        f"data.betrokkenen.2.partijIdentificatoren.0 {TWICE}"
    ]


@pytest.mark.parametrize("contact_id", [None, "", " ", "x" * 257, 5, {}])
def test_an_invalid_contact_id_prints_as_null(contact_id: object) -> None:
    [answer] = answers(contact(other={"contactId": contact_id}))
    assert answer["contactId"] is None
    assert [each["pad"] for each in answer["fouten"]] == ["data.contactId"]


def test_a_lone_surrogate_is_refused() -> None:
    whole = line(event(contact(kanaal="x"))).replace(b'"kanaal": "x"', b'"kanaal": "\\ud800"')
    assert list(classify([whole], DEFAULT)) == [
        {"regelnummer": 1, "contactId": "c-1", "fouten": [{"pad": "data.kanaal", "soort": "verkeerd_teken"}]}
    ]


@pytest.mark.parametrize(
    ("op", "valid"),
    [
        ("2026-12-01T12:05:00Z", True),
        ("2026-12-01T12:05:00.000001Z", False),
        ("2026-12-01T13:05:00+01:00", True),
        ("1900-01-01T00:00:00Z", True),
    ],
)
def test_a_contact_of_the_future_is_refused_by_the_time_of_the_envelope(op: str, *, valid: bool) -> None:
    [answer] = answers(contact(op=op))
    assert ("uitkomsten" in answer) is valid
    if not valid:
        assert answer["fouten"] == [{"pad": "data.plaatsgevondenOp", "soort": "in_de_toekomst"}]


# The envelope


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"datacontenttype": "application/json; charset=utf-8"}, []),
        ({"datacontenttype": "text/plain"}, ["datacontenttype"]),
        ({"dataschema": "urn:klantinteracties:schema:contact.ended:1"}, []),
        ({"dataschema": "https://example.nl/schema"}, []),
        ({"dataschema": "urn:klantinteracties:schema:contact.ended:2"}, ["dataschema"]),
        ({"dataschema": "urn:klantinteracties:schema:taak.created:1"}, ["dataschema"]),
        ({"type": "nl.klantinteracties.taak.created"}, ["type"]),
        ({"specversion": "0.3"}, ["specversion"]),
        ({"id": ""}, ["id"]),
        ({"source": "no uri"}, ["source"]),
        ({"time": None}, ["time"]),
    ],
)
def test_an_attribute_of_the_envelope(attributes: Wire, expected: list[str]) -> None:
    [answer] = classify([line(event(contact(), other=attributes))], DEFAULT)
    assert [each["pad"] for each in answer.get("fouten", ())] == expected


def test_a_zaak_needs_all_its_parts() -> None:
    half = {name: value for name, value in ZAAK.items() if name != "objectId"}
    assert refusals_of(subject({"soort": "zaak_nieuw", "zaak": half})) == [f"{TOPIC}.opvolging.zaak.objectId ontbreekt"]
