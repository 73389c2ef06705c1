"""Which combinations make a contact invalid, and where the error stands: contract.md, "Smaller rules" and the fields."""

import pytest

from services.domain.policy import DEFAULT
from services.operations.dry_run import classify
from tests.examples import (
    AFDELING,
    ALICE,
    BOB,
    CALL_BACK,
    ZAAK,
    Wire,
    betrokkene,
    bsn,
    contact,
    event,
    known,
    kvk,
    line,
    nth_rsin,
    onderwerp,
    rsin,
    stranger,
    vestiging,
)
from tests.unit.domain.desk import answers

R1, K1, K2, V1 = rsin(nth_rsin(0)), kvk("99990001"), kvk("99990002"), vestiging("999900000001")

FIRST, NEXT = "data.betrokkenen.0", "data.betrokkenen.1"
ID, NEXT_ID = f"{FIRST}.partijIdentificatoren", f"{NEXT}.partijIdentificatoren"
TOPIC = "data.onderwerpen.0"
TWICE = "dubbele_partij"


def people(*persons: Wire) -> Wire:
    return contact(betrokkenen=persons)


def refusals_of(data: Wire) -> list[str]:
    """Give each error, as in "data.onderwerpen.0.onderwerp ontbreekt"; none for a contact that is accepted."""
    return [f"{each['pad']} {each['soort']}" for each in answers(data)[0].get("fouten", ())]


def subject(opvolging: Wire) -> Wire:
    return contact(onderwerpen=[onderwerp(opvolging=opvolging)])


def follow_up(**vervolg_op: str) -> Wire:
    return contact(vervolg_op=dict(vervolg_op))


def company(*identificatoren: Wire, ref: str = "o", rol: str = "klant") -> Wire:
    return betrokkene(ref, rol, soort="organisatie", identificatoren=identificatoren)


def employee(
    werkte_voor: Wire | str | None,
    *,
    ref: str = "e",
    pseudoniem: str = "p-1",
    identificatoren: list[Wire] | None = None,
) -> Wire:
    return betrokkene(
        ref,
        soort="contactpersoon",
        middel="eherkenning",
        pseudoniem=pseudoniem,
        werkte_voor=werkte_voor,
        identificatoren=identificatoren,
    )


def employer(*identificatoren: Wire) -> Wire:
    return {"partijIdentificatoren": list(identificatoren)}


def bystander(**other: object) -> Wire:
    """Somebody whom no onderwerp concerns withdraws consent."""
    withdrawing = [stranger(), known("w", toestemming="ingetrokken") | other]
    return contact(betrokkenen=withdrawing, onderwerpen=[onderwerp(betrokkenen=["k"])])


def row(reason: str, data: Wire, *expected: str) -> object:
    return pytest.param(data, list(expected), id=reason)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # refs
        row("a doubled ref", people(stranger(), stranger()), "data.betrokkenen.1.ref dubbel"),
        row(
            "an unknown ref at an onderwerp",
            contact(onderwerpen=[onderwerp(betrokkenen=["k", "x"])]),
            f"{TOPIC}.betrokkenen.1 onbekende_ref",
        ),
        row(
            "an unknown ref represented",
            people(betrokkene(vertegenwoordigt=["x"])),
            f"{FIRST}.vertegenwoordigt.0 onbekende_ref",
        ),
        row("an unknown employer", people(employee("x")), f"{FIRST}.werkteVoor onbekende_ref"),
        row(
            "representing oneself",
            people(betrokkene(vertegenwoordigt=["k"])),
            f"{FIRST}.vertegenwoordigt.0 niet_toegestaan",
        ),
        # onderwerpen
        row(
            "a doubled onderwerpId",
            contact(onderwerpen=[onderwerp("a"), onderwerp("a")]),
            "data.onderwerpen.1.onderwerpId dubbel",
        ),
        row(
            "doubled with a default",
            contact(onderwerpen=[onderwerp("1"), onderwerp()]),
            "data.onderwerpen.1.onderwerpId dubbel",
        ),
        row(
            "a taak without handeling",
            subject({"soort": "interne_taak", "toegewezenAan": AFDELING}),
            f"{TOPIC}.opvolging.gevraagdeHandeling ontbreekt",
        ),
        row(
            "a blank handeling",
            subject({**CALL_BACK, "gevraagdeHandeling": " "}),
            f"{TOPIC}.opvolging.gevraagdeHandeling leeg",
        ),
        row(
            "a taak for nobody",
            subject({"soort": "interne_taak", "gevraagdeHandeling": "Bel"}),
            f"{TOPIC}.opvolging.toegewezenAan ontbreekt",
        ),
        row("zaak_nieuw without zaak", subject({"soort": "zaak_nieuw"}), f"{TOPIC}.opvolging.zaak ontbreekt"),
        row("zaak_bestaand without zaak", subject({"soort": "zaak_bestaand"}), f"{TOPIC}.opvolging.zaak ontbreekt"),
        row(
            "inhoud too long is refused, not cut",
            contact(onderwerpen=[onderwerp(other={"inhoud": "x" * 1001})]),
            f"{TOPIC}.inhoud te_lang",
        ),
        row("no onderwerp", contact(onderwerpen=[]), "data.onderwerpen te_weinig"),
        # vervolgOp
        row(
            "a follow-up of nothing",
            follow_up(),
            "data.vervolgOp.contactId ontbreekt",
            "data.vervolgOp.klantcontactId ontbreekt",
        ),
        row("an onderwerp of no contact", follow_up(onderwerpId="a"), "data.vervolgOp.contactId ontbreekt"),
        row("both forms", follow_up(contactId="a", klantcontactId="b"), "data.vervolgOp.contactId niet_toegestaan"),
        row(
            "an onderwerp beside a klantcontact",
            follow_up(klantcontactId="b", onderwerpId="c"),
            "data.vervolgOp.onderwerpId niet_toegestaan",
        ),
        # identificatoren
        row(
            "a failed 11-proef of a bsn",
            people(betrokkene(identificatoren=[bsn("999900007")])),
            f"{ID}.0.objectId elfproef",
        ),
        row(
            "zeros pass the 11-proef and are refused",
            people(betrokkene(identificatoren=[bsn("000000000")])),
            f"{ID}.0.objectId elfproef",
        ),
        row("a failed 11-proef of an rsin", people(company(rsin("999900007"))), f"{ID}.0.objectId elfproef"),
        row(
            "a bsn of eight digits",
            people(betrokkene(identificatoren=[bsn("99990000")])),
            f"{ID}.0.objectId verkeerde_vorm",
        ),
        row("a kvk_nummer of nine", people(company(kvk("999900011"))), f"{ID}.0.objectId verkeerde_vorm"),
        row("letters", people(company(kvk("9999000x"))), f"{ID}.0.objectId verkeerde_vorm"),
        row("digits of another script", people(company(kvk("٩٩٩٩٠٠٠١"))), f"{ID}.0.objectId verkeerde_vorm"),
        row(
            "a vestigingsnummer of eleven",
            people(company(vestiging("99990000001"), K1)),
            f"{ID}.0.objectId verkeerde_vorm",
        ),
        row("a vestiging without kvk_nummer", people(company(V1)), f"{ID}.0 ontbreekt"),
        row(
            "a bsn in the HR",
            people(betrokkene(identificatoren=[{**bsn(), "codeRegister": "hr"}])),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row(
            "a kvk_nummer of a vestiging",
            people(company({**K1, "codeObjecttype": "vestiging"})),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row("two of one kind", people(company(K1, K2)), f"{ID}.1.codeSoortObjectId dubbel"),
        row("a bsn for an organisatie", people(company(bsn())), f"{ID}.0.codeSoortObjectId niet_toegestaan"),
        row(
            "a kvk_nummer for a persoon",
            people(betrokkene(identificatoren=[K1])),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row(
            "any for a contactpersoon",
            people(employee(None, identificatoren=[K1])),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row(
            "an employer with a bsn",
            people(employee(employer(bsn()))),
            f"{FIRST}.werkteVoor.partijIdentificatoren.0.codeSoortObjectId niet_toegestaan",
        ),
        row("an employer who is a persoon", people(stranger(), employee("k")), f"{NEXT}.werkteVoor niet_toegestaan"),
        row(
            "not even overig is exempt from the checks",
            people(company(kvk("1"), rol="overig")),
            f"{ID}.0.objectId verkeerde_vorm",
        ),
        # the same partij twice
        row("the same bsn", people(known("a"), known("b")), f"{NEXT_ID}.0 {TWICE}"),
        row("the same rsin beside others", people(company(R1, K1), company(K2, R1, ref="p")), f"{NEXT_ID}.1 {TWICE}"),
        row("the same vestiging", people(company(V1, K1), company(K1, V1, ref="p")), f"{NEXT_ID}.1 {TWICE}"),
        row(
            "the same pseudoniem and employer",
            people(employee(employer(K1)), employee(employer(R1, K1), ref="f")),
            f"{NEXT}.werkteVoor {TWICE}",
        ),
        row(
            "by a ref and by itself",
            people(company(K1), employee("o"), employee(employer(K1), ref="f")),
            f"data.betrokkenen.2.werkteVoor {TWICE}",
        ),
        # withdrawing where nothing is kept
        row("a bystander withdraws consent", bystander(), f"{NEXT}.toestemmingHergebruik niet_toegestaan"),
        row("without being gekend too", bystander(authenticatie=None), f"{NEXT}.toestemmingHergebruik niet_toegestaan"),
        # addresses
        row("an address without content", people({**stranger(), "bezoekadres": {}}), f"{FIRST}.bezoekadres leeg"),
        row(
            "blank text is none",
            people({**stranger(), "correspondentieadres": {"stad": " ", "gebruik": "standaard"}}),
            f"{FIRST}.correspondentieadres leeg",
        ),
        # values
        row("1.0 is no integer", contact(other={"revisie": 1.0}), "data.revisie verkeerd_type"),
        row("a boolean is not a number", contact(other={"revisie": True}), "data.revisie verkeerd_type"),
        row("a number is not a boolean", contact(other={"vertrouwelijk": 1}), "data.vertrouwelijk verkeerd_type"),
        row(
            "a null in a list",
            people({**stranger(), "digitaleAdressen": [None]}),
            f"{FIRST}.digitaleAdressen.0 verkeerd_type",
        ),
        row("taal is lower case", contact(other={"taal": "NLD"}), "data.taal verkeerde_vorm"),
        row(
            "the moment of authentication is a date-time",
            people({**stranger(), "authenticatie": {"middel": "x", "op": "2026-03-02"}}),
            f"{FIRST}.authenticatie.op verkeerde_vorm",
        ),
        row(
            "a blank text by which something is found",
            people({**stranger(), "authenticatie": {"middel": "digid", "pseudoniem": " "}}),
            f"{FIRST}.authenticatie.pseudoniem leeg",
        ),
        row(
            "every error at once",
            contact(kanaal=" ", onderwerpen=[onderwerp(tekst="")], betrokkenen=[betrokkene(rol="x")]),
            "data.kanaal leeg",
            f"{FIRST}.rol onbekende_waarde",
            f"{TOPIC}.onderwerp leeg",
        ),
        row(
            "also those over several fields",
            contact(kanaal="", onderwerpen=[onderwerp(betrokkenen=["x"])]),
            "data.kanaal leeg",
            f"{TOPIC}.betrokkenen.0 onbekende_ref",
        ),
    ],
)
def test_it_is_refused_there(data: Wire, expected: list[str]) -> None:
    assert sorted(refusals_of(data)) == sorted(expected)


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
        row("an overig bystander withdraws", bystander(rol="overig")),
        row("a bystander withdraws where nothing counts", bystander() | {"totStandGekomen": False}),
        row("a bystander refuses", bystander(toestemmingHergebruik="geweigerd")),
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


@pytest.mark.parametrize("contact_id", [None, "", " ", "x" * 101, 5, {}])
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
