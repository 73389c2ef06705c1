"""Digitale adressen: what they must look like, whose they are, and the orphan that blocks the register."""

import pytest

from tests.contract.open_klant.bodies import adres_of_betrokkene, adres_of_partij, persoon, with_betrokkene
from tests.contract.open_klant.visitor import Visitor, invalid, number

NOT_UNIQUE = (
    "nonFieldErrors",
    "unique",
    "De velden ['verstrekt_door_partij', 'referentie', 'soort_digitaal_adres'] moeten een unieke set zijn.",
)
BLOCKED = (
    "nonFieldErrors",
    "unique",
    "De velden verstrekt_door_partij, soort_digitaal_adres moeten een unieke set zijn.",
)
NO_PHONE = "Het opgegeven telefoonnummer is ongeldig."
NO_SUCH_PHONE = (
    "Het opgegeven telefoonnummer is ongeldig, telefoonnummers beginnend met 0800, 0900, 1400 of 140xx zijn niet"
    " toegestaan."
)
NO_EMAIL = "Voer een geldig e-mailadres in."


@pytest.fixture
def partij(visitor: Visitor) -> str:
    uuid: str = visitor.make("partijen", persoon())["uuid"]
    return uuid


@pytest.fixture
def betrokkene(visitor: Visitor) -> str:
    return with_betrokkene(visitor)[1]


def test_an_address_of_a_betrokkene(visitor: Visitor, betrokkene: str) -> None:
    body = adres_of_betrokkene(betrokkene, referentie=f"kc-{number()}")

    made = visitor.make("digitaleadressen", body)

    assert made == {
        "uuid": made["uuid"],
        "url": f"{visitor.url}/digitaleadressen/{made['uuid']}",
        **body,
        "verstrektDoorBetrokkene": {"uuid": betrokkene, "url": f"{visitor.url}/betrokkenen/{betrokkene}"},
        "isStandaardAdres": False,
        "verificatieDatum": None,
    }
    for query in ({"referentie": body["referentie"]}, {"verstrektDoorBetrokkene__uuid": betrokkene}):
        assert visitor.uuids("digitaleadressen", query) == [made["uuid"]]


def test_the_partij_must_be_named_where_there_is_none(visitor: Visitor, betrokkene: str) -> None:
    body = adres_of_betrokkene(betrokkene)
    del body["verstrektDoorPartij"]

    assert invalid(visitor.post("digitaleadressen", body)) == [
        ("verstrektDoorPartij", "required", "Dit veld is vereist.")
    ]


def test_the_betrokkene_need_not_be_named(visitor: Visitor, partij: str) -> None:
    body = adres_of_partij(partij)
    del body["verstrektDoorBetrokkene"]

    assert visitor.make("digitaleadressen", body)["verstrektDoorBetrokkene"] is None


@pytest.mark.parametrize(
    ("referentie", "wrong"),
    [
        ("x" * 51, [("max_length", "Zorg ervoor dat dit veld niet meer dan 50 karakters bevat.")]),
        (
            "kc 1",
            [("invalid", 'Voer een geldige "slug" in, bestaande uit letters, cijfers, lage streepjes of streepjes.')],
        ),
    ],
)
def test_a_referentie_is_a_slug(visitor: Visitor, partij: str, referentie: str, wrong: list[tuple[str, str]]) -> None:
    refused = visitor.post("digitaleadressen", adres_of_partij(partij, referentie=referentie))

    assert invalid(refused) == [("referentie", code, reason) for code, reason in wrong]


def test_a_referentie_is_unique_for_a_partij_and_a_soort(visitor: Visitor, partij: str) -> None:
    visitor.make("digitaleadressen", adres_of_partij(partij, referentie="kc-1"))

    again = visitor.post("digitaleadressen", adres_of_partij(partij, referentie="kc-1"))
    other_soort = adres_of_partij(partij, referentie="kc-1", adres="0612345678", soortDigitaalAdres="telefoonnummer")
    other_partij = adres_of_partij(visitor.make("partijen", persoon())["uuid"], referentie="kc-1")

    assert invalid(again) == [NOT_UNIQUE]
    visitor.make("digitaleadressen", other_soort)
    visitor.make("digitaleadressen", other_partij)


def test_a_referentie_is_not_unique_for_a_betrokkene(visitor: Visitor, betrokkene: str) -> None:
    made = [visitor.make("digitaleadressen", adres_of_betrokkene(betrokkene, referentie="kc-1")) for _ in range(2)]

    assert visitor.uuids("digitaleadressen", {"verstrektDoorBetrokkene__uuid": betrokkene}) == [
        made[1]["uuid"],
        made[0]["uuid"],
    ]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_address_is_refused_its_own_referentie(visitor: Visitor, partij: str, method: str) -> None:
    body = adres_of_partij(partij, referentie="kc-1")
    made = visitor.make("digitaleadressen", body)

    assert invalid(visitor.call(method, f"digitaleadressen/{made['uuid']}", body)) == [NOT_UNIQUE]


def test_a_patch_without_referentie_keeps_it(visitor: Visitor, partij: str) -> None:
    made = visitor.make("digitaleadressen", adres_of_partij(partij, referentie="kc-1"))

    patched = visitor.patch(f"digitaleadressen/{made['uuid']}", {"adres": "nieuw@example.nl"})

    assert patched.json() == {**made, "adres": "nieuw@example.nl"}


@pytest.mark.parametrize(
    ("soort", "adres", "reason"),
    [
        ("telefoonnummer", "0612345678", None),
        ("telefoonnummer", "+31612345678", None),
        ("telefoonnummer", "0031612345678", None),
        ("telefoonnummer", "06 12345678", NO_PHONE),
        ("telefoonnummer", "020-1234567", NO_PHONE),
        ("telefoonnummer", "0012", NO_PHONE),
        ("telefoonnummer", "112", NO_PHONE),
        ("telefoonnummer", "14020", NO_SUCH_PHONE),
        ("telefoonnummer", "0900123456", NO_SUCH_PHONE),
        ("telefoonnummer", "0800-1234", NO_SUCH_PHONE),
        ("email", "m.zomeren@example.nl", None),
        ("email", "M+x@sub.voorbeeld-één.nl", None),
        ("email", "m@localhost", None),
        ("email", "m.zomeren@example", NO_EMAIL),
        ("email", "m zomeren@example.nl", NO_EMAIL),
        ("email", "m..zomeren@example.nl", NO_EMAIL),
        ("email", "example.nl", NO_EMAIL),
        ("overig", "06 12345678", None),
    ],
)
def test_an_address_looks_as_its_soort_does(
    visitor: Visitor, partij: str, soort: str, adres: str, reason: str | None
) -> None:
    answer = visitor.post("digitaleadressen", adres_of_partij(partij, adres=adres, soortDigitaalAdres=soort))

    if reason:
        assert invalid(answer) == [("adres", "invalid", reason)]
    else:
        assert answer.status_code == 201


def test_a_patch_of_the_address_looks_at_the_soort_that_it_has(visitor: Visitor, partij: str) -> None:
    made = visitor.make("digitaleadressen", adres_of_partij(partij))

    refused = visitor.patch(f"digitaleadressen/{made['uuid']}", {"adres": "0612345678"})

    assert invalid(refused) == [("adres", "invalid", NO_EMAIL)]


def test_a_patch_of_the_soort_looks_at_no_address(visitor: Visitor, partij: str) -> None:
    made = visitor.make("digitaleadressen", adres_of_partij(partij))

    assert (
        visitor.patch(f"digitaleadressen/{made['uuid']}", {"soortDigitaalAdres": "telefoonnummer"}).status_code == 200
    )


def test_only_an_address_of_a_partij_is_a_standard_one(visitor: Visitor, betrokkene: str) -> None:
    refused = visitor.post("digitaleadressen", adres_of_betrokkene(betrokkene, isStandaardAdres=True))

    reason = "`is_standaard_adres` kan alleen gezet worden als `verstrekt_door_partij` niet leeg is."
    assert invalid(refused) == [("isStandaardAdres", "invalid", reason)]


def test_a_partij_has_one_standard_address_of_a_soort(visitor: Visitor, partij: str) -> None:
    first, second = (visitor.make("digitaleadressen", adres_of_partij(partij, isStandaardAdres=True)) for _ in range(2))
    plain = visitor.make("digitaleadressen", adres_of_partij(partij))

    shown = [visitor.row(f"digitaleadressen/{each['uuid']}")["isStandaardAdres"] for each in (first, second, plain)]

    assert shown == [False, True, False]


def test_an_orphaned_standard_address_blocks_its_soort_for_all_betrokkenen(
    visitor: Visitor, partij: str, betrokkene: str
) -> None:
    """Only this test gives betrokkenen addresses of the soort `overig`, so it blocks no other test."""
    body = adres_of_betrokkene(betrokkene, soortDigitaalAdres="overig")
    before = visitor.make("digitaleadressen", body)
    orphan = visitor.make(
        "digitaleadressen", adres_of_partij(partij, soortDigitaalAdres="overig", isStandaardAdres=True)
    )

    assert visitor.patch(f"partijen/{partij}", {"digitaleAdressen": []}).json()["digitaleAdressen"] == []

    shown = visitor.row(f"digitaleadressen/{orphan['uuid']}")
    assert (shown["verstrektDoorPartij"], shown["isStandaardAdres"]) == (None, True)
    assert invalid(visitor.post("digitaleadressen", body)) == [BLOCKED]
    assert invalid(visitor.post("digitaleadressen", {**body, "isStandaardAdres": False, "referentie": "kc-1"})) == [
        BLOCKED
    ]
    visitor.make("digitaleadressen", adres_of_betrokkene(betrokkene, soortDigitaalAdres="telefoonnummer"))
    visitor.make("digitaleadressen", adres_of_partij(partij, soortDigitaalAdres="overig"))
    # One that is there stays free to change, as long as it keeps its soort.
    assert visitor.patch(f"digitaleadressen/{before['uuid']}", {"adres": "anders"}).status_code == 200
    assert orphan["uuid"] in visitor.uuids(
        "digitaleadressen", {"isStandaardAdres": "true", "soortDigitaalAdres": "overig"}
    )

    assert visitor.delete(f"digitaleadressen/{orphan['uuid']}").status_code == 204

    visitor.make("digitaleadressen", body)


def test_addresses_are_found_by_what_they_are(visitor: Visitor, partij: str) -> None:
    mine = f"m.{number()}@example.nl"
    made = visitor.make("digitaleadressen", adres_of_partij(partij, adres=mine))

    for query in (
        {"adres": mine},
        {"adres__icontains": mine.upper()},
        {"verstrektDoorPartij__uuid": partij},
        {"verstrektDoorPartij__url": f"{visitor.url}/partijen/{partij}"},
        {"verstrektDoorPartij__uuid": partij, "soortDigitaalAdres": "email", "isGeverifieerd": "false"},
    ):
        assert visitor.uuids("digitaleadressen", query) == [made["uuid"]]
    assert visitor.uuids("digitaleadressen", {"adres": mine, "soortDigitaalAdres": "telefoonnummer"}) == []
