"""Partijen as Open Klant has them: vestigingen and contactpersonen, restriction, and partijen that others made."""

from typing import Any

import pytest

from services.bridge.converge import Convergence
from services.bridge.errors import NummerBezet, Unavailable
from services.bridge.meant import Care, Choice
from services.bridge.resources import Resource
from tests.fakes.open_klant.faults import Fault
from tests.support.bridge_bench import Bench
from tests.support.bridge_picture import found_picture, wanted_picture
from tests.support.projector_examples import (
    SOURCE,
    Event,
    bsn,
    email,
    kvk,
    nummer,
    partij,
    partij_changed,
    partij_withdrawn,
    registered,
)

JANSEN = {"contactnaam": {"achternaam": "Jansen"}, "digitaleAdressen": [email("jansen@example.nl")]}


def vestiging(number: str = "000012345678") -> Event:
    """Return a vestigingsnummer as partijIdentificator."""
    codes = {"codeRegister": "hr", "codeObjecttype": "vestiging", "codeSoortObjectId": "vestigingsnummer"}
    return {**codes, "objectId": number}


def company(name: str, *identificatoren: Event) -> Event:
    """Return an organisatie with these numbers."""
    fields = {"soortPartij": "organisatie", "partijIdentificatoren": list(identificatoren), "organisatienaam": name}
    return partij(name, fields=fields)


def identificatoren(bench: Bench) -> dict[str, tuple[str | None, str | None]]:
    """Return by number: the number of the partij that has it, and the number that it stands under."""
    rows = bench.open_klant.register["partij-identificatoren"].rows
    numbers = {uuid: each["partijIdentificator"]["objectId"] for uuid, each in rows.items()}
    partijen = {each["uuid"]: each["nummer"] for each in bench.rows("partijen")}
    return {
        numbers[uuid]: (partijen.get(each["identificeerdePartij"]), numbers.get(each["subIdentificatorVan"]))
        for uuid, each in rows.items()
    }


def assert_equal(bench: Bench) -> None:
    """Assert that Open Klant has what the projector shows."""
    assert found_picture(bench.open_klant) == wanted_picture(bench.register, sources=[SOURCE])


async def test_a_vestiging_stands_under_its_kvk_number_and_the_company_takes_that_over_when_it_comes() -> None:
    bench = Bench()
    north, south = nummer("partij|noord"), nummer("partij|zuid")
    await bench.take(
        registered("c-1", partijen=[company("noord", kvk(), vestiging())]),
        registered("c-2", partijen=[company("zuid", kvk(), vestiging("000087654321"))]),
    )
    under = {"000012345678": (north, "12345678"), "000087654321": (south, "12345678")}
    assert identificatoren(bench) == {"12345678": (None, None), **under}

    await bench.take(registered("c-3", partijen=[company("bedrijf", kvk())]))
    assert identificatoren(bench) == {"12345678": (nummer("partij|bedrijf"), None), **under}
    bench.calls()

    await bench.take(partij_withdrawn("c-3", "bedrijf", resultaat="vervallen"))
    assert identificatoren(bench)["12345678"] == (
        nummer("partij|bedrijf"),
        None,
    )  # it is needed for as long as they are


async def test_a_contactpersoon_works_for_the_company_that_is_there() -> None:
    bench = Bench()
    of_bakker = {"soortPartij": "contactpersoon", "partijIdentificatoren": [], "contactnaam": {"achternaam": "Smit"}}
    works = {**of_bakker, "werkteVoorPartij": {"partijIdentificatoren": [kvk()], "organisatienaam": "Bakker"}}
    await bench.take(registered("c-1", partijen=[partij("smit", fields=works)]))
    [row] = bench.rows("partijen")
    assert (row["werkteVoorPartij"], row["contactpersoon"]["contactnaam"]["achternaam"]) == (None, "Smit")

    await bench.take(registered("c-2", partijen=[company("bakker", kvk())]))
    await bench.take(registered("c-3", partijen=[partij("smit", versie=2, fields=works)]))
    [bakker] = [each for each in bench.rows("partijen") if each["soortPartij"] == "organisatie"]
    [smit] = [each for each in bench.rows("partijen") if each["soortPartij"] == "contactpersoon"]
    assert smit["werkteVoorPartij"] == bakker["uuid"]


async def test_a_restricted_partij_shows_no_name_and_no_address_for_as_long_as_it_is() -> None:
    bench = Bench()
    await bench.take(registered("c-1", partijen=[partij(fields=JANSEN)]))
    assert bench.counts()["digitaleadressen"] == 1

    await bench.take(partij_changed(versie=2, beperking=True))
    [row] = bench.rows("partijen")
    assert row["persoon"]["contactnaam"]["achternaam"] == ""
    assert "digitaleadressen" not in bench.counts()
    assert_equal(bench)

    await bench.take(registered("c-2", partijen=[partij(versie=3, fields=JANSEN)]))
    assert "digitaleadressen" not in bench.counts()

    await bench.take(partij_changed(versie=4, beperking=False))
    assert bench.counts()["digitaleadressen"] == 1
    assert_equal(bench)


async def known_there(bench: Bench, **fields: Any) -> str:  # noqa: ANN401 - fields of a row
    """Have others make a partij with a BSN and an address, and return its uuid."""
    body = {"soortPartij": "persoon", "indicatieActief": True, "nummer": "17", **fields}
    made = await bench.api.create("partijen", {**body, "partijIdentificatoren": [{"partijIdentificator": bsn()}]})
    adres = {"adres": "theirs@example.nl", "soortDigitaalAdres": "email", "verstrektDoorBetrokkene": None}
    await bench.api.create("digitaleadressen", {**adres, "verstrektDoorPartij": {"uuid": made["uuid"]}})
    return str(made["uuid"])


@pytest.mark.parametrize(("add", "ours"), [(False, []), (True, ["jansen@example.nl"])])
async def test_a_partij_of_others_gets_at_most_our_addresses_and_loses_nothing_else(
    *, add: bool, ours: list[str]
) -> None:
    bench = Bench(Choice(frozenset({SOURCE}), add=add))
    uuid = await known_there(bench, partijIdentificatie={"contactnaam": {"achternaam": "De Vries"}})
    await bench.take(registered("c-1", partijen=[partij(fields=JANSEN)]))
    assert [each["wasPartij"] for each in bench.rows("betrokkenen")] == [uuid]
    assert sorted(each["adres"] for each in bench.rows("digitaleadressen")) == [*ours, "theirs@example.nl"]

    await bench.take(partij_withdrawn(resultaat="vervallen"))
    [row] = bench.rows("partijen")
    assert (row["nummer"], row["persoon"]["contactnaam"]["achternaam"]) == ("17", "De Vries")
    assert [each["adres"] for each in bench.rows("digitaleadressen")] == ["theirs@example.nl"]


async def test_a_partij_that_others_make_while_ours_does_not_come_about_keeps_its_identificatoren() -> None:
    bench, contact = Bench(), registered("c-1", partijen=[partij(fields=JANSEN)])
    bench.project(contact)
    bench.open_klant.weather.plan(Fault(500, method="POST", resource="partijen"))
    with pytest.raises(Unavailable):
        await bench.trigger(contact)
    await known_there(bench)

    await bench.trigger(contact)

    assert identificatoren(bench) == {bsn()["objectId"]: ("17", None)}


async def test_a_partij_that_others_made_in_place_of_ours_keeps_what_is_theirs_also_when_rows_are_made_again() -> None:
    bench, contact = Bench(), registered("c-1", partijen=[partij(fields=JANSEN)])
    await bench.take(contact)
    [ours] = bench.rows("partijen")
    await bench.api.remove(Resource.PARTIJEN, ours["uuid"])
    uuid = await known_there(bench, partijIdentificatie={"contactnaam": {"achternaam": "De Vries"}})

    await bench.trigger(contact, Care(whole=True, again=True))

    [row] = bench.rows("partijen")
    assert (row["nummer"], row["persoon"]["contactnaam"]["achternaam"]) == ("17", "De Vries")
    assert [each["adres"] for each in bench.rows("digitaleadressen")] == ["theirs@example.nl"]
    assert [each["wasPartij"] for each in bench.rows("betrokkenen")] == [uuid]


async def test_a_partij_of_others_that_somebody_removed_is_made_as_ours_when_rows_are_made_again() -> None:
    bench, contact = Bench(Choice(frozenset({SOURCE}), add=True)), registered("c-1", partijen=[partij(fields=JANSEN)])
    uuid = await known_there(bench)
    await bench.take(contact)
    await bench.api.remove(Resource.PARTIJEN, uuid)

    await bench.trigger(contact, Care(whole=True, again=True))

    assert_equal(bench)


async def test_a_partij_of_others_with_our_number_is_refused_and_untouched() -> None:
    bench = Bench()
    await bench.api.create(
        "partijen", {"soortPartij": "organisatie", "indicatieActief": True, "nummer": nummer("partij|jansen")}
    )
    before = bench.rows("partijen")
    with pytest.raises(NummerBezet):
        await bench.take(registered("c-1", partijen=[partij(fields=JANSEN)]))
    assert bench.rows("partijen") == before
    assert "klantcontacten" not in bench.counts()


async def test_a_partij_that_somebody_removed_stays_away_until_it_is_asked_for_again() -> None:
    bench = Bench()
    contact = registered("c-1", partijen=[partij(fields=JANSEN)])
    await bench.take(contact)
    [row] = bench.rows("partijen")
    bench.open_klant.register.delete("partijen", row["uuid"])  # its betrokkene and addresses go with it

    later = registered("c-1", revisie=2, partijen=[partij(versie=2, fields=JANSEN)])
    assert await bench.take(later) == [Convergence.CHANGED]
    assert {name for name in bench.counts() if name not in {"actoren", "actorklantcontacten"}} == {"klantcontacten"}

    await bench.trigger(later, Care(whole=True, again=True))
    assert_equal(bench)
    assert [each["nummer"] for each in bench.rows("partijen")] == [nummer("partij|jansen")]
