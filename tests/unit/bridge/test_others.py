"""Somebody else changes or removes rows in Open Klant, also between the bridge's reading and its call."""

from collections.abc import Callable
from typing import Any

import pytest

from services.bridge.meant import Care
from tests.support.bridge_bench import Bench
from tests.support.bridge_picture import found_picture, orphans, wanted_picture
from tests.support.projector_examples import (
    SOURCE,
    Event,
    assigned,
    email,
    identifier,
    klantcontact_withdrawn,
    partij,
    registered,
    taak_created,
    taak_withdrawn,
)

Act = Callable[[Bench], None]
PARTIJ = {"contactnaam": {"achternaam": "Jansen"}, "digitaleAdressen": [email("m@example.nl")]}
ZAAK = {
    "objectId": "a5b9",
    "codeRegister": "open-zaak",
    "codeObjecttype": "zaak",
    "codeSoortObjectId": "uuid",
}


def contact(revisie: int = 1, *, name: str = "Zomeren", zaak: str = "z-1") -> list[Event]:
    """Return a contact with a row of each kind, every one of which changes with the arguments."""
    event = registered(revisie=revisie, partijen=[partij(versie=revisie, fields=PARTIJ)])
    event["data"]["betrokkenen"].append(
        {
            "betrokkeneId": identifier("betrokkene|other"),
            "rol": "vertegenwoordiger",
            "initiator": False,
            "contactnaam": {"achternaam": name},
            "digitaleAdressen": [email(f"{name.lower()}@example.nl")],
        }
    )
    event["data"]["onderwerpobjecten"] = [{"onderwerpobjectidentificator": {**ZAAK, "objectId": zaak}}]
    return [event, taak_created(revisie=revisie, fields=assigned(f"Afdeling {revisie}"))]


CORRECTION = contact(2, name="Winter", zaak="z-2")


def removes(resource: str) -> Act:
    """Return what removes the newest row of a resource."""

    def act(bench: Bench) -> None:
        if rows := bench.rows(resource):
            bench.open_klant.register.delete(resource, rows[-1]["uuid"])

    return act


def at_call(bench: Bench, number: int, act: Act) -> None:
    """Have somebody act just before a call."""
    left = number

    def before(*_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            act(bench)

    bench.open_klant.weather.before = before


RESOURCES = (
    "klantcontacten",
    "betrokkenen",
    "digitaleadressen",
    "onderwerpobjecten",
    "internetaken",
    "partijen",
    "actoren",
)


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_row_that_somebody_removes_at_any_moment_of_a_correction_is_missing_and_nothing_else_is_wrong(
    resource: str,
) -> None:
    """The correction ends by itself. What is asked for again then makes it whole, without doubles or orphans."""
    for number in range(1, 14, 2):
        bench = Bench()
        await bench.take(*contact())
        at_call(bench, number, removes(resource))
        await bench.take(*CORRECTION)
        bench.open_klant.weather.before = None

        for event in CORRECTION:
            await bench.trigger(event, Care(whole=True, again=True))
        assert found_picture(bench.open_klant) == wanted_picture(bench.register, sources=[SOURCE]), number
        assert orphans(bench.open_klant) == [], number
        assert len(bench.rows("klantcontacten")) == len(bench.rows("internetaken")) == 1, number


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_row_that_somebody_removes_while_the_contact_is_made_leaves_no_double(resource: str) -> None:
    for number in range(3, 13, 2):
        bench = Bench()
        at_call(bench, number, removes(resource))
        await bench.take(*contact())
        bench.open_klant.weather.before = None

        for event in contact():
            await bench.trigger(event, Care(whole=True, again=True))
        assert found_picture(bench.open_klant) == wanted_picture(bench.register, sources=[SOURCE]), number
        assert len(bench.rows("klantcontacten")) == len(bench.rows("internetaken")) == 1, number


@pytest.mark.parametrize(
    ("resource", "field", "theirs"),
    [
        ("klantcontacten", "onderwerp", "Van een ander"),
        ("betrokkenen", "organisatienaam", "Van een ander"),
        ("digitaleadressen", "omschrijving", "Van een ander"),
        ("internetaken", "toelichting", "Van een ander"),
    ],
)
async def test_what_somebody_changes_stays_until_a_comparison_of_every_row(
    resource: str, field: str, theirs: str
) -> None:
    bench = Bench()
    await bench.take(*contact())
    row = bench.rows(resource)[-1]
    bench.open_klant.register.change(resource, row, {field: theirs})

    for event in contact():
        await bench.trigger(event)
    assert bench.rows(resource)[-1][field] == theirs
    for event in contact():
        await bench.trigger(event, Care(whole=True))
    assert found_picture(bench.open_klant) == wanted_picture(bench.register, sources=[SOURCE])
    assert theirs not in [each[field] for each in bench.rows(resource)]


@pytest.mark.parametrize(("status", "stays"), [("te_verwerken", False), ("verwerkt", True)])
async def test_a_taak_that_people_take_in_hand_is_left_to_them(status: str, *, stays: bool) -> None:
    bench = Bench()
    await bench.take(*contact())
    [taak] = bench.rows("internetaken")
    bench.open_klant.register.change("internetaken", taak, {"status": status})

    await bench.take(registered(revisie=2), taak_withdrawn())
    assert [each["status"] for each in bench.rows("internetaken")] == ([status] if stays else [])


async def test_a_correction_leaves_the_status_and_the_actor_that_people_gave_a_taak() -> None:
    bench = Bench()
    await bench.take(*contact())
    [taak] = bench.rows("internetaken")
    theirs = bench.open_klant.register.add("actoren", {**bench.rows("actoren")[0], "naam": "Een ander"})
    given: dict[str, Any] = {"toegewezenAanActoren": [theirs["uuid"]], "status": "verwerkt"}
    bench.open_klant.register.change("internetaken", taak, given)

    await bench.take(*CORRECTION)
    [taak] = bench.rows("internetaken")
    assert taak["gevraagdeHandeling"] == "Terugbellen, revisie 2"
    assert {name: taak[name] for name in given} == given


async def test_what_others_hung_on_a_klantcontact_goes_with_it_and_leaves_no_orphan() -> None:
    bench = Bench()
    await bench.take(*contact())
    betrokkene = bench.rows("betrokkenen")[0]["uuid"]
    theirs = {"adres": "b@example.nl", "soortDigitaalAdres": "email", "verstrektDoorPartij": None}
    await bench.api.create("digitaleadressen", {**theirs, "verstrektDoorBetrokkene": {"uuid": betrokkene}})
    kept = next(each for each in bench.states.kept.values() if each.state.summary.get("nummer"))
    assert kept.others == []

    await bench.take(klantcontact_withdrawn(), taak_withdrawn())
    assert set(bench.counts()) == {"actoren", "partijen", "partij-identificatoren", "digitaleadressen"}
    assert [each["adres"] for each in bench.rows("digitaleadressen")] == ["m@example.nl"]
    others = [row.resource for each in bench.states.kept.values() for row in each.others]
    assert others == ["digitaleadressen"]
