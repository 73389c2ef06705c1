"""Identificatoren of partijen: which are valid, which are unique, and what a vestiging stands under."""

import pytest

from tests.contract.open_klant.bodies import Made, identificator, organisatie, persoon
from tests.contract.open_klant.visitor import Visitor, bsn, invalid, kvk_nummer, vestigingsnummer

TAKEN = (
    "__all__",
    "invalid",
    "`PartijIdentificator` moet uniek zijn, er bestaat er al een met deze gegevenscombinatie.",
)
SECOND = ("__all__", "invalid", "`CodeSoortObjectId` moet uniek zijn voor de Partij.")
NO_PARENT = (
    "Voor een PartijIdentificator met codeSoortObjectId = `vestigingsnummer` is het verplicht om een"
    " `sub_identifier_van` met codeSoortObjectId = `kvk_nummer` te kiezen."
)


def test_a_number_belongs_to_one_partij(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())
    again = persoon(
        partijIdentificatoren=[{"partijIdentificator": made["partijIdentificatoren"][0]["partijIdentificator"]}]
    )

    assert invalid(visitor.post("partijen", again)) == [TAKEN]
    assert visitor.uuids("partijen", {"nummer": again["nummer"]}) == []


def test_a_partij_has_one_number_of_a_soort(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())

    refused = visitor.post(
        "partij-identificatoren",
        {"identificeerdePartij": {"uuid": made["uuid"]}, "partijIdentificator": identificator("bsn", bsn())},
    )

    assert invalid(refused) == [SECOND]


@pytest.mark.parametrize(
    ("codes", "name", "reason"),
    [
        (identificator("bsn", "999990018"), "ObjectId", "Deze waarde is ongeldig, reden: Onjuist BSN nummer"),
        (
            identificator("bsn", "12345678"),
            "ObjectId",
            "Deze waarde is ongeldig, reden: Waarde moet 9 tekens lang zijn",
        ),
        (identificator("bsn", "99999001x"), "ObjectId", "Deze waarde is ongeldig, reden: Voer een numerieke waarde in"),
        (identificator("rsin", "999990018"), "ObjectId", "Deze waarde is ongeldig, reden: Onjuist RSIN nummer"),
        (
            {**identificator("bsn", "999990019"), "codeObjecttype": "vestiging"},
            "CodeObjecttype",
            "voor `codeRegister` brp zijn alleen deze waarden toegestaan: ['natuurlijk_persoon']",
        ),
        (
            {**identificator("kvk_nummer", "90000001"), "codeObjecttype": "vestiging"},
            "CodeSoortObjectId",
            "voor `codeObjecttype` vestiging zijn alleen deze waarden toegestaan: ['vestigingsnummer']",
        ),
    ],
)
def test_codes_that_do_not_belong_together(visitor: Visitor, codes: Made, name: str, reason: str) -> None:
    wrong = f"partijIdentificator{name}"

    inside = visitor.post("partijen", persoon(partijIdentificatoren=[{"partijIdentificator": codes}]))
    loose = visitor.post("partij-identificatoren", {"partijIdentificator": codes})

    assert invalid(inside) == [(f"partijIdentificatoren.0.{wrong}", "invalid", reason)]
    assert invalid(loose) == [(wrong, "invalid", reason)]


def test_all_codes_are_needed(visitor: Visitor) -> None:
    codes = {"codeSoortObjectId": "burgerservicenummer", "objectId": "999990019"}

    assert invalid(visitor.post("partij-identificatoren", {"partijIdentificator": codes})) == [
        ("partijIdentificator.codeObjecttype", "required", "Dit veld is vereist."),
        ("partijIdentificator.codeSoortObjectId", "invalid_choice", '"burgerservicenummer" is een ongeldige keuze.'),
        ("partijIdentificator.codeRegister", "required", "Dit veld is vereist."),
    ]


def test_a_partij_is_filled_in_by_itself(visitor: Visitor) -> None:
    other = visitor.make("partijen", persoon())["uuid"]
    inside = {"partijIdentificator": identificator("bsn", bsn()), "identificeerdePartij": {"uuid": other}}

    refused = visitor.post("partijen", persoon(partijIdentificatoren=[inside]))

    reason = "Het veld `identificeerde_partij` wordt automatisch ingesteld en dient niet te worden opgegeven."
    assert invalid(refused) == [("partijIdentificatoren.identificeerdePartij", "invalid", reason)]


def test_a_vestiging_stands_under_a_kvk_nummer(visitor: Visitor) -> None:
    kvk = _loose_kvk(visitor)
    number = vestigingsnummer()

    made = _vestiging(visitor, kvk["uuid"], number)

    shown = made["partijIdentificatoren"][0]
    assert shown["subIdentificatorVan"] == {"uuid": kvk["uuid"], "url": kvk["url"]}
    query = {
        "partijIdentificator__codeSoortObjectId": "vestigingsnummer",
        "partijIdentificator__objectId": number,
        "subIdentificatorVan__codeSoortObjectId": "kvk_nummer",
    }
    its_own, another = kvk["partijIdentificator"]["objectId"], kvk_nummer()
    assert visitor.uuids("partijen", {**query, "subIdentificatorVan__objectId": its_own}) == [made["uuid"]]
    assert visitor.uuids("partijen", {**query, "subIdentificatorVan__objectId": another}) == []


def test_a_vestiging_without_a_kvk_nummer_is_refused(visitor: Visitor) -> None:
    under_bsn = visitor.make("partijen", persoon())["partijIdentificatoren"][0]["uuid"]
    codes = {"partijIdentificator": identificator("vestigingsnummer", vestigingsnummer())}

    alone = visitor.post("partij-identificatoren", codes)
    wrong = visitor.post("partij-identificatoren", {**codes, "subIdentificatorVan": {"uuid": under_bsn}})

    assert invalid(alone) == [("subIdentificatorVan", "invalid", NO_PARENT)]
    reason = "Het is alleen mogelijk om een subIdentifierVan te selecteren met codeSoortObjectId = `kvk_nummer`."
    assert invalid(wrong) == [("subIdentificatorVan", "invalid", reason)]


def test_a_vestigingsnummer_may_stand_under_two_kvk_nummers(visitor: Visitor) -> None:
    number, kvk = vestigingsnummer(), _loose_kvk(visitor)["uuid"]
    _vestiging(visitor, kvk, number)

    again = visitor.post("partijen", _body_of_vestiging(kvk, number))

    assert invalid(again) == [TAKEN]
    _vestiging(visitor, _loose_kvk(visitor)["uuid"], number)


def test_a_loose_kvk_nummer_blocks_the_company_until_it_is_coupled(visitor: Visitor) -> None:
    loose = _loose_kvk(visitor)
    number = loose["partijIdentificator"]["objectId"]
    body = organisatie(partijIdentificatoren=[{"partijIdentificator": loose["partijIdentificator"]}])

    assert visitor.uuids("partijen", {"partijIdentificator__objectId": number}) == []
    assert visitor.uuids("partij-identificatoren", {"partijIdentificatorObjectId": number}) == [loose["uuid"]]
    assert invalid(visitor.post("partijen", body)) == [TAKEN]

    company = visitor.make("partijen", organisatie())
    coupled = _couple(visitor, loose["uuid"], company["uuid"])

    assert coupled == {**loose, "identificeerdePartij": {"uuid": company["uuid"], "url": company["url"]}}
    assert visitor.uuids("partijen", {"partijIdentificator__objectId": number}) == [company["uuid"]]


def test_an_identificator_of_another_partij_moves_without_a_word(visitor: Visitor) -> None:
    loose = _loose_kvk(visitor)
    one, other = (visitor.make("partijen", organisatie())["uuid"] for _ in range(2))
    _couple(visitor, loose["uuid"], one)

    assert _couple(visitor, loose["uuid"], other)["identificeerdePartij"]["uuid"] == other
    assert visitor.row(f"partijen/{one}")["partijIdentificatoren"] == []


def test_a_kvk_nummer_with_vestigingen_under_it_stays(visitor: Visitor) -> None:
    loose = _loose_kvk(visitor)
    _vestiging(visitor, loose["uuid"], vestigingsnummer())
    company = visitor.make("partijen", organisatie())["uuid"]
    _couple(visitor, loose["uuid"], company)

    refused = visitor.delete(f"partij-identificatoren/{loose['uuid']}")
    broken = visitor.delete(f"partijen/{company}")

    reason = (
        "Cannot delete some instances of model 'PartijIdentificator' because they are referenced through protected"
        " foreign keys: 'PartijIdentificator.sub_identificator_van'."
    )
    assert invalid(refused) == [("nonFieldErrors", "invalid", reason)]
    assert broken.status_code == 500
    assert visitor.row(f"partijen/{company}")["partijIdentificatoren"][0]["uuid"] == loose["uuid"]
    # Or this visitor could not leave.
    visitor.patch(f"partij-identificatoren/{loose['uuid']}", {"identificeerdePartij": None})


def test_an_identificator_is_deleted_alone(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())

    assert visitor.delete(f"partij-identificatoren/{made['partijIdentificatoren'][0]['uuid']}").status_code == 204

    assert visitor.row(f"partijen/{made['uuid']}") == {**made, "partijIdentificatoren": []}


def test_a_patch_of_a_partij_replaces_its_identificatoren(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())
    kept = made["partijIdentificatoren"][0]
    codes = identificator("bsn", bsn())
    path = f"partijen/{made['uuid']}"

    again = visitor.patch(
        path,
        {"partijIdentificatoren": [{"uuid": kept["uuid"], "partijIdentificator": codes}]},
    ).json()["partijIdentificatoren"]
    none = visitor.patch(path, {"partijIdentificatoren": []}).json()["partijIdentificatoren"]

    assert again == [{**kept, "partijIdentificator": codes}]
    assert none == []


def _loose_kvk(visitor: Visitor) -> Made:
    body = {"identificeerdePartij": None, "partijIdentificator": identificator("kvk_nummer", kvk_nummer())}
    return visitor.make("partij-identificatoren", body)


def _body_of_vestiging(kvk: str, number: str) -> Made:
    codes = identificator("vestigingsnummer", number)
    return organisatie(partijIdentificatoren=[{"partijIdentificator": codes, "subIdentificatorVan": {"uuid": kvk}}])


def _vestiging(visitor: Visitor, kvk: str, number: str) -> Made:
    return visitor.make("partijen", _body_of_vestiging(kvk, number))


def _couple(visitor: Visitor, identificator_uuid: str, partij: str) -> Made:
    answer = visitor.patch(f"partij-identificatoren/{identificator_uuid}", {"identificeerdePartij": {"uuid": partij}})
    assert answer.status_code == 200, answer.text
    coupled: Made = answer.json()
    return coupled
