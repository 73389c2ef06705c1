"""Partijen: how they are made, found, emptied and deleted."""

import pytest

from tests.contract.open_klant.bodies import (
    EMPTY_ADDRESS,
    EMPTY_NAME,
    Made,
    adres_of_partij,
    organisatie,
    persoon,
    with_betrokkene,
)
from tests.contract.open_klant.visitor import Visitor, invalid, number


def test_a_persoon_is_made_with_all_that_belongs_to_it(visitor: Visitor) -> None:
    body = persoon(correspondentieadres={"straatnaam": "Voorbeeldstraat", "huisnummer": 1})

    made = visitor.make("partijen", body)

    uuid, shown = made["uuid"], made["partijIdentificatoren"][0]
    assert made == {
        "uuid": uuid,
        "url": f"{visitor.url}/partijen/{uuid}",
        "nummer": body["nummer"],
        "interneNotitie": "",
        "betrokkenen": [],
        "categorieRelaties": [],
        "digitaleAdressen": [],
        "voorkeursDigitaalAdres": None,
        "vertegenwoordigden": [],
        "rekeningnummers": [],
        "voorkeursRekeningnummer": None,
        "partijIdentificatoren": [
            {
                "uuid": shown["uuid"],
                "url": f"{visitor.url}/partij-identificatoren/{shown['uuid']}",
                "identificeerdePartij": {"uuid": uuid, "url": made["url"]},
                "anderePartijIdentificator": "",
                "partijIdentificator": body["partijIdentificatoren"][0]["partijIdentificator"],
                "subIdentificatorVan": None,
            }
        ],
        "soortPartij": "persoon",
        "indicatieGeheimhouding": None,
        "voorkeurstaal": "",
        "indicatieActief": True,
        "bezoekadres": EMPTY_ADDRESS,
        "correspondentieadres": {**EMPTY_ADDRESS, "straatnaam": "Voorbeeldstraat", "huisnummer": 1},
        "partijIdentificatie": {
            "contactnaam": {**EMPTY_NAME, "voornaam": "Marit", "achternaam": "Zomeren"},
            "volledigeNaam": "Marit Zomeren",
        },
    }


def test_a_contactpersoon_works_for_an_organisatie(visitor: Visitor) -> None:
    works_for = visitor.make("partijen", organisatie())

    made = _contactpersoon(visitor, works_for["uuid"])

    assert made["partijIdentificatie"] == {
        "uuid": made["partijIdentificatie"]["uuid"],
        "werkteVoorPartij": {"uuid": works_for["uuid"], "url": works_for["url"]},
        "contactnaam": {**EMPTY_NAME, "voornaam": "Marit"},
        "volledigeNaam": "Marit",
    }


def test_a_contactpersoon_works_for_no_persoon(visitor: Visitor) -> None:
    uuid = visitor.make("partijen", persoon())["uuid"]

    refused = visitor.post("partijen", _body_of_contactpersoon(uuid))

    reason = "Partij object moet het soort 'organisatie' hebben."
    assert invalid(refused) == [("partijIdentificatie.werkteVoorPartij.uuid", "invalid", reason)]


def test_a_partij_needs_a_soort_and_whether_it_is_active(visitor: Visitor) -> None:
    assert invalid(visitor.post("partijen", {})) == [
        ("soortPartij", "required", "Dit veld is vereist."),
        ("indicatieActief", "required", "Dit veld is vereist."),
    ]


def test_a_partij_needs_no_name(visitor: Visitor) -> None:
    for body in (
        {"soortPartij": "persoon", "indicatieActief": True},
        {"soortPartij": "organisatie", "indicatieActief": True, "partijIdentificatie": {}},
    ):
        assert visitor.make("partijen", body)["partijIdentificatie"] is None


def test_the_nummer_of_a_partij_is_given_once(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())

    refused = visitor.post("partijen", persoon(nummer=made["nummer"]))

    assert invalid(refused) == [("nummer", "unique", "Er bestaat al een partij met eenzelfde nummer.")]
    assert visitor.uuids("partijen", {"nummer": made["nummer"]}) == [made["uuid"]]


def test_a_patch_without_soort_leaves_the_name_without_a_word(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())

    patched = visitor.patch(
        f"partijen/{made['uuid']}", {"partijIdentificatie": {"contactnaam": {"achternaam": "Nieuw"}}}
    )

    assert patched.status_code == 200
    assert patched.json() == made


@pytest.mark.parametrize(
    ("contactnaam", "shown", "full"),
    [({"achternaam": "Nieuw"}, {**EMPTY_NAME, "achternaam": "Nieuw"}, "Nieuw"), (None, EMPTY_NAME, "")],
)
def test_a_patch_with_soort_replaces_the_name(visitor: Visitor, contactnaam: object, shown: object, full: str) -> None:
    made = visitor.make("partijen", persoon())

    patched = visitor.patch(
        f"partijen/{made['uuid']}", {"soortPartij": "persoon", "partijIdentificatie": {"contactnaam": contactnaam}}
    )

    assert patched.json() == {**made, "partijIdentificatie": {"contactnaam": shown, "volledigeNaam": full}}


def test_the_name_is_not_null(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())

    refused = visitor.patch(f"partijen/{made['uuid']}", {"soortPartij": "persoon", "partijIdentificatie": None})

    assert invalid(refused) == [("partijIdentificatie", "null", "Dit veld mag niet leeg zijn.")]


def test_one_patch_empties_a_persoon(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon(bezoekadres={"stad": "X"}, correspondentieadres={"land": "NL"}))

    patched = visitor.patch(
        f"partijen/{made['uuid']}",
        {
            "soortPartij": "persoon",
            "partijIdentificatie": {"contactnaam": None},
            "bezoekadres": None,
            "correspondentieadres": None,
        },
    )

    assert patched.json() == {
        **made,
        "bezoekadres": EMPTY_ADDRESS,
        "correspondentieadres": EMPTY_ADDRESS,
        "partijIdentificatie": {"contactnaam": EMPTY_NAME, "volledigeNaam": ""},
    }


def test_an_organisatie_is_emptied_by_an_empty_name(visitor: Visitor) -> None:
    made = visitor.make("partijen", organisatie())

    patched = visitor.patch(
        f"partijen/{made['uuid']}", {"soortPartij": "organisatie", "partijIdentificatie": {"naam": ""}}
    )

    assert patched.json() == {**made, "partijIdentificatie": {"naam": ""}}


@pytest.mark.parametrize("repeated", [True, False])
def test_a_contactpersoon_that_is_emptied_keeps_for_whom_it_works_where_that_is_repeated(
    visitor: Visitor, *, repeated: bool
) -> None:
    works_for = visitor.make("partijen", organisatie())
    made = _contactpersoon(visitor, works_for["uuid"])
    link = {"werkteVoorPartij": {"uuid": works_for["uuid"]}} if repeated else {}

    patched = visitor.patch(
        f"partijen/{made['uuid']}",
        {"soortPartij": "contactpersoon", "partijIdentificatie": {"contactnaam": None, **link}},
    )

    shown = patched.json()["partijIdentificatie"]
    assert shown["contactnaam"] == EMPTY_NAME
    assert shown["werkteVoorPartij"] == ({"uuid": works_for["uuid"], "url": works_for["url"]} if repeated else None)


def test_a_partij_may_change_its_soort(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())

    patched = visitor.patch(
        f"partijen/{made['uuid']}", {"soortPartij": "organisatie", "partijIdentificatie": {"naam": "x"}}
    )
    back = visitor.patch(f"partijen/{made['uuid']}", {"soortPartij": "persoon"})

    assert patched.json() == {**made, "soortPartij": "organisatie", "partijIdentificatie": {"naam": "x"}}
    assert back.json() == made


def test_addresses_that_a_patch_does_not_name_become_nobodys(visitor: Visitor) -> None:
    uuid = visitor.make("partijen", persoon())["uuid"]
    kept, lost = (visitor.make("digitaleadressen", adres_of_partij(uuid)) for _ in range(2))

    patched = visitor.patch(f"partijen/{uuid}", {"digitaleAdressen": [{"uuid": kept["uuid"]}]})

    assert patched.json()["digitaleAdressen"] == [{"uuid": kept["uuid"], "url": kept["url"]}]
    assert visitor.row(f"digitaleadressen/{lost['uuid']}") == {**lost, "verstrektDoorPartij": None}


def test_deleting_a_partij_takes_betrokkenen_and_addresses(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon())
    klantcontact, betrokkene = with_betrokkene(visitor, wasPartij={"uuid": made["uuid"]})
    adres = visitor.make("digitaleadressen", adres_of_partij(made["uuid"]))
    identificator = made["partijIdentificatoren"][0]

    assert visitor.delete(f"partijen/{made['uuid']}").status_code == 204

    for path in (
        f"betrokkenen/{betrokkene}",
        f"digitaleadressen/{adres['uuid']}",
        f"partij-identificatoren/{identificator['uuid']}",
    ):
        assert visitor.get(path).status_code == 404
    assert visitor.row(f"klantcontacten/{klantcontact}")["hadBetrokkenen"] == []
    number = identificator["partijIdentificator"]["objectId"]
    assert visitor.uuids("partij-identificatoren", {"partijIdentificatorObjectId": number}) == []


def test_deleting_an_organisatie_takes_the_name_of_its_contactpersonen(visitor: Visitor) -> None:
    works_for = visitor.make("partijen", organisatie())["uuid"]
    made = _contactpersoon(visitor, works_for)

    assert visitor.delete(f"partijen/{works_for}").status_code == 204

    assert visitor.row(f"partijen/{made['uuid']}") == {**made, "partijIdentificatie": None}


def test_partijen_are_found_by_what_they_are(visitor: Visitor) -> None:
    made = visitor.make("partijen", persoon(correspondentieadres={"adresregel1": f"Straat {number()}"}))
    bsn = made["partijIdentificatoren"][0]["partijIdentificator"]["objectId"]

    for query in (
        {
            "partijIdentificator__codeSoortObjectId": "bsn",
            "partijIdentificator__objectId": bsn,
            "soortPartij": "persoon",
        },
        {"partijIdentificator__objectId": bsn, "partijIdentificator__codeRegister": "brp", "indicatieActief": "true"},
        {"correspondentieadresAdresregel1": made["correspondentieadres"]["adresregel1"]},
    ):
        assert visitor.uuids("partijen", query) == [made["uuid"]]
    assert visitor.uuids("partijen", {"partijIdentificator__objectId": bsn, "soortPartij": "organisatie"}) == []


def _body_of_contactpersoon(works_for: str) -> Made:
    return {
        "nummer": number(),
        "soortPartij": "contactpersoon",
        "indicatieActief": True,
        "partijIdentificatie": {"contactnaam": {"voornaam": "Marit"}, "werkteVoorPartij": {"uuid": works_for}},
    }


def _contactpersoon(visitor: Visitor, works_for: str) -> Made:
    return visitor.make("partijen", _body_of_contactpersoon(works_for))
