"""Betrokkenen: what a PATCH empties, and what deleting one leaves."""

import pytest

from tests.contract.open_klant.bodies import (
    EMPTY_ADDRESS,
    EMPTY_NAME,
    adres_of_betrokkene,
    betrokkene,
    persoon,
    with_betrokkene,
)
from tests.contract.open_klant.visitor import Visitor, invalid


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"contactnaam": None}, {"contactnaam": EMPTY_NAME, "volledigeNaam": ""}),
        ({"correspondentieadres": None}, {"correspondentieadres": EMPTY_ADDRESS}),
        ({"bezoekadres": None}, {"bezoekadres": EMPTY_ADDRESS}),
        ({"organisatienaam": ""}, {"organisatienaam": ""}),
        ({"wasPartij": None}, {"wasPartij": None}),
        ({"rol": "vertegenwoordiger", "initiator": False}, {"rol": "vertegenwoordiger", "initiator": False}),
        # A group that is sent replaces the whole group.
        (
            {"contactnaam": {"voorletters": "M."}},
            {"contactnaam": {**EMPTY_NAME, "voorletters": "M."}, "volledigeNaam": ""},
        ),
        ({"correspondentieadres": {"stad": "X"}}, {"correspondentieadres": {**EMPTY_ADDRESS, "stad": "X"}}),
    ],
)
def test_patch_empties_and_replaces(visitor: Visitor, sent: dict[str, object], shown: dict[str, object]) -> None:
    _, uuid = with_betrokkene(visitor, organisatienaam="Bakkerij", bezoekadres={"stad": "Y"})
    before = visitor.row(f"betrokkenen/{uuid}")

    patched = visitor.patch(f"betrokkenen/{uuid}", sent)

    assert patched.status_code == 200
    assert patched.json() == {**before, **shown}


def test_a_betrokkene_may_be_a_partij(visitor: Visitor) -> None:
    partij = visitor.make("partijen", persoon())

    _, uuid = with_betrokkene(visitor, wasPartij={"uuid": partij["uuid"]})

    link = {"uuid": partij["uuid"], "url": partij["url"]}
    shown = visitor.row(f"betrokkenen/{uuid}")
    assert shown["wasPartij"] == link
    assert visitor.row(f"partijen/{partij['uuid']}")["betrokkenen"] == [{"uuid": uuid, "url": shown["url"]}]
    for query in ({"wasPartij__uuid": partij["uuid"]}, {"wasPartij__url": partij["url"]}):
        assert visitor.uuids("betrokkenen", query) == [uuid]
    number = partij["partijIdentificatoren"][0]["partijIdentificator"]["objectId"]
    assert visitor.uuids("betrokkenen", {"wasPartij__partijIdentificator__objectId": number}) == [uuid]
    assert visitor.uuids("betrokkenen", {"wasPartij__nummer": partij["nummer"]}) == [uuid]


def test_betrokkenen_are_found_by_their_klantcontact(visitor: Visitor) -> None:
    klantcontact, first = with_betrokkene(visitor)
    second = visitor.make("betrokkenen", betrokkene(hadKlantcontact={"uuid": klantcontact}, initiator=False))["uuid"]
    nummer = visitor.row(f"klantcontacten/{klantcontact}")["nummer"]

    for query in (
        {"hadKlantcontact__uuid": klantcontact},
        {"hadKlantcontact__url": f"{visitor.url}/klantcontacten/{klantcontact}"},
        {"hadKlantcontact__nummer": nummer},
        {"hadKlantcontact__referentienummer": nummer},
    ):
        assert visitor.uuids("betrokkenen", query) == [second, first]


def test_a_betrokkene_needs_a_klantcontact_and_a_rol(visitor: Visitor) -> None:
    assert invalid(visitor.post("betrokkenen", {"wasPartij": None})) == [
        ("hadKlantcontact", "required", "Dit veld is vereist."),
        ("rol", "required", "Dit veld is vereist."),
        ("initiator", "required", "Dit veld is vereist."),
    ]


def test_the_parts_of_an_address_are_checked(visitor: Visitor) -> None:
    klantcontact, _ = with_betrokkene(visitor)
    adres = {
        "nummeraanduidingId": "12",
        "huisnummer": 100_000,
        "postcode": "1234AB",
        "adresregel1": "x" * 81,
        "land": "nl",
    }

    refused = visitor.post("betrokkenen", betrokkene(hadKlantcontact={"uuid": klantcontact}, bezoekadres=adres))

    form = "Postcode moet aan het volgende formaat voldoen: `1234 AB` (met spatie): 1234AB"
    country = "Ongeldige landcode, de code moet behoren tot de ISO 3166-standaard. Bedoelde u NL?"
    assert invalid(refused) == [
        ("bezoekadres.nummeraanduidingId", "invalid", "Ongeldige nummeraanduiding BAG-ID: 12"),
        (
            "bezoekadres.huisnummer",
            "max_value",
            "Zorg ervoor dat deze waarde kleiner is dan of gelijk is aan 99999.",
        ),
        ("bezoekadres.postcode", "invalid", form),
        # The name in a refusal is not that of the field.
        (
            "bezoekadres.adresregel_1",
            "max_length",
            "Zorg ervoor dat dit veld niet meer dan 80 karakters bevat.",
        ),
        ("bezoekadres.land", "invalid", country),
    ]


def test_deleting_a_betrokkene_leaves_its_addresses_to_nobody(visitor: Visitor) -> None:
    klantcontact, uuid = with_betrokkene(visitor)
    adres = visitor.make("digitaleadressen", adres_of_betrokkene(uuid))

    assert visitor.delete(f"betrokkenen/{uuid}").status_code == 204

    assert visitor.row(f"digitaleadressen/{adres['uuid']}") == {**adres, "verstrektDoorBetrokkene": None}
    assert visitor.row(f"klantcontacten/{klantcontact}")["hadBetrokkenen"] == []


def test_deleting_a_klantcontact_leaves_addresses_of_its_betrokkenen_to_nobody(visitor: Visitor) -> None:
    klantcontact, uuid = with_betrokkene(visitor)
    adres = visitor.make("digitaleadressen", adres_of_betrokkene(uuid))

    assert visitor.delete(f"klantcontacten/{klantcontact}").status_code == 204

    assert visitor.row(f"digitaleadressen/{adres['uuid']}") == {**adres, "verstrektDoorBetrokkene": None}
