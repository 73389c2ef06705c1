"""Lists: their pages and their parameters."""

from typing import Any

import pytest

from tests.contract.open_klant.bodies import adres_of_betrokkene, betrokkene, klantcontact, with_betrokkene
from tests.contract.open_klant.visitor import Visitor, invalid
from tests.fakes.open_klant.api import RESOURCES


def test_an_unknown_parameter_is_refused(visitor: Visitor) -> None:
    uuid, _ = with_betrokkene(visitor)

    for path in ("klantcontacten", f"klantcontacten/{uuid}"):
        assert invalid(visitor.get(path, {"foo": "x"})) == [
            ("nonFieldErrors", "unknown-parameters", "Onbekende query parameters: foo")
        ]


@pytest.mark.parametrize("name", RESOURCES)
def test_every_parameter_is_known(visitor: Visitor, name: str) -> None:
    """A parameter without a value finds all, so a value that got lost finds far too much."""
    found = visitor.get(name, {**dict.fromkeys(RESOURCES[name].filters, ""), "pageSize": "1"})

    assert found.status_code == 200, found.text
    assert found.json()["count"] == visitor.get(name, {"pageSize": "1"}).json()["count"]


def test_a_list_comes_in_pages(visitor: Visitor) -> None:
    uuid, first = with_betrokkene(visitor)
    body = betrokkene(hadKlantcontact={"uuid": uuid})
    made = [first, *(visitor.make("betrokkenen", body)["uuid"] for _ in range(2))]
    address = f"{visitor.url}/betrokkenen?hadKlantcontact__uuid={uuid}"

    pages = [_page(visitor, {"hadKlantcontact__uuid": uuid, "pageSize": "1", "page": number}) for number in "123"]

    assert [page["results"][0]["uuid"] for page in pages] == made[::-1]
    assert [(page["count"], page["next"], page["previous"]) for page in pages] == [
        (3, f"{address}&page=2&pageSize=1", None),
        (3, f"{address}&page=3&pageSize=1", f"{address}&pageSize=1"),
        (3, None, f"{address}&page=2&pageSize=1"),
    ]


@pytest.mark.parametrize("page", ["4", "0", "x"])
def test_a_page_beyond_the_end_is_not_found(visitor: Visitor, page: str) -> None:
    uuid, _ = with_betrokkene(visitor)

    answer = visitor.get("betrokkenen", {"hadKlantcontact__uuid": uuid, "page": page})

    assert (answer.status_code, answer.json()["detail"]) == (404, "Ongeldige pagina.")


@pytest.mark.parametrize("size", ["501", "0", "x", ""])
def test_a_size_that_can_not_be_is_another_one(visitor: Visitor, size: str) -> None:
    uuid, first = with_betrokkene(visitor)

    found = _page(visitor, {"hadKlantcontact__uuid": uuid, "pageSize": size})

    assert [row["uuid"] for row in found["results"]] == [first]


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("betrokkenen", {"hadKlantcontact__uuid": "x"}, "Voer een geldige UUID in."),
        ("betrokkenen", {"hadKlantcontact__url": "x"}, "Voer een geldige URL in."),
        ("klantcontacten", {"plaatsgevondenOp": "gisteren"}, "Voer een geldige datum/tijd in."),
        ("digitaleadressen", {"verificatieDatum__gt": "gisteren"}, "Voer een geldige datum in."),
    ],
)
def test_a_value_of_a_parameter_is_checked(visitor: Visitor, path: str, query: dict[str, str], reason: str) -> None:
    assert invalid(visitor.get(path, query)) == [(*query, "invalid", reason)]


def test_a_uuid_that_nobody_has_finds_nothing(visitor: Visitor) -> None:
    nobody = "0b4ab7b0-7f5e-4c5c-a6ab-e2cbc3a1d9c6"

    assert visitor.uuids("betrokkenen", {"hadKlantcontact__uuid": nobody}) == []
    assert visitor.uuids("betrokkenen", {"hadKlantcontact__url": "http://example.nl/x"}) == []


def test_an_answer_shows_whole_rows_where_that_is_asked_for(visitor: Visitor) -> None:
    uuid, of = with_betrokkene(visitor)
    adres = visitor.make("digitaleadressen", adres_of_betrokkene(of))
    query = {"expand": "hadBetrokkenen,hadBetrokkenen.digitaleAdressen,omvatteBijlagen"}

    usual = visitor.get(f"klantcontacten/{uuid}").json()
    whole = visitor.get(f"klantcontacten/{uuid}", query).json()
    [in_list] = visitor.get("klantcontacten", {**query, "hadBetrokkene__uuid": of}).json()["results"]
    turned = {"expand": "verstrektDoorBetrokkene.hadKlantcontact"}
    [by_adres] = visitor.get("digitaleadressen", {**turned, "verstrektDoorBetrokkene__uuid": of}).json()["results"]

    [betrokkene_there] = whole["_expand"].pop("hadBetrokkenen")
    assert (betrokkene_there["uuid"], betrokkene_there["rol"]) == (of, "klant")
    assert [each["adres"] for each in betrokkene_there["_expand"]["digitaleAdressen"]] == [adres["adres"]]
    assert whole.pop("_expand") == {"omvatteBijlagen": []}
    assert whole == usual
    assert in_list["_expand"]["hadBetrokkenen"] == [betrokkene_there]
    given_by = by_adres["_expand"]["verstrektDoorBetrokkene"]
    assert given_by["_expand"]["hadKlantcontact"]["uuid"] == uuid
    assert visitor.get("klantcontacten", {"expand": "actoren"}).status_code == 400


def test_klantcontacten_come_by_their_moment_and_then_by_age(visitor: Visitor) -> None:
    partij = {"uuid": visitor.make("partijen", {"soortPartij": "persoon", "indicatieActief": True})["uuid"]}
    moments = ("2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2026-11-20T10:00:00Z")
    made = [
        visitor.make(
            "maak-klantcontact",
            {"klantcontact": klantcontact(plaatsgevondenOp=moment), "betrokkene": betrokkene(wasPartij=partij)},
        )["klantcontact"]["uuid"]
        for moment in moments
    ]

    found = visitor.uuids("klantcontacten", {"hadBetrokkene__wasPartij__uuid": partij["uuid"]})

    assert found == [made[1], made[2], made[0]]


def test_yes_and_no_are_words(visitor: Visitor) -> None:
    uuid, of = with_betrokkene(visitor)
    visitor.patch(f"klantcontacten/{uuid}", {"indicatieContactGelukt": None})
    query = {"hadBetrokkene__uuid": of}

    assert visitor.uuids("klantcontacten", {**query, "vertrouwelijk": "false"}) == [uuid]
    assert visitor.uuids("klantcontacten", {**query, "vertrouwelijk": "1"}) == []
    assert visitor.uuids("klantcontacten", {**query, "vertrouwelijk": "misschien"}) == [uuid]
    assert visitor.uuids("klantcontacten", {**query, "indicatieContactGelukt": "false"}) == []
    assert visitor.uuids("klantcontacten", {**query, "leiddeTotInterneTaken": "false"}) == [uuid]
    assert visitor.uuids("klantcontacten", {**query, "hadBetrokkene__wasPartij": "true"}) == []


def _page(visitor: Visitor, query: dict[str, str]) -> dict[str, Any]:
    answer = visitor.get("betrokkenen", query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page
