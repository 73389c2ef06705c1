"""How many calls of Open Klant a contact costs. `docs/openklant.md` has them beside those that KISS makes."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.bridge.wanted import actor_body
from services.domain.openklant_beleid import OpenKlantBeleid
from tests.fakes.open_klant.actoren import Actoren
from tests.support.bridge_bench import Bench
from tests.support.projector_examples import (
    Event,
    assigned,
    email,
    identifier,
    klantcontact_withdrawn,
    partij,
    registered,
    taak_created,
)

AGENT = {"soortActor": "medewerker", "naam": "KCC"}
AFDELING = assigned("Vergunningen")["toegewezenAan"]

BELLER: Event = {
    "betrokkeneId": identifier("betrokkene|c-1|beller"),
    "rol": "klant",
    "initiator": True,
    "contactnaam": {"achternaam": "Zomeren"},
    "digitaleAdressen": [{"soortDigitaalAdres": "telefoonnummer", "adres": "0612345678"}],
}


def v2(contact: str = "c-1", *, revisie: int = 1, **beller: object) -> Sequence[Event]:
    """A caller whom nobody knows is to be called back."""
    event = registered(contact, revisie=revisie)
    event["data"]["betrokkenen"] = [{**BELLER, **beller}]
    return [event, taak_created(contact, revisie=revisie)]


def v4(contact: str = "c-1") -> Sequence[Event]:
    """A known klant, who allows reuse of an address, is to be called back."""
    klant = partij(fields={"digitaleAdressen": [email("m@example.nl")]})
    return [registered(contact, partijen=[klant]), taak_created(contact)]


def knows(bench: Bench, *actoren: Event) -> None:
    """Have Open Klant know actoren that the bridge has not met yet."""
    for actor in actoren:
        Actoren().create({**actor_body(actor, OpenKlantBeleid()), "indicatieActief": True}, bench.open_klant.register)


async def calls_of(bench: Bench, events: Sequence[Event]) -> list[str]:
    """Return the calls that events cost: all are projected, then each is read."""
    bench.calls()
    await bench.take(*events)
    return [f"{method} {resource}" for method, resource, _ in bench.calls()]


async def test_a_new_v2_costs_six_calls_when_its_actoren_are_found() -> None:
    bench = Bench()
    knows(bench, AGENT, AFDELING)

    assert await calls_of(bench, v2()) == [
        "GET actoren",
        "GET actoren",
        "POST maak-klantcontact",
        "POST digitaleadressen",
        "POST actorklantcontacten",
        "POST internetaken",
    ]
    assert len(await calls_of(bench, v2("c-2"))) == 4


async def test_a_new_v4_costs_nine_calls_when_its_agent_is_new_there() -> None:
    bench = Bench()
    knows(bench, AFDELING)

    assert sorted(await calls_of(bench, v4())) == sorted(
        [
            "GET partijen",
            "POST partijen",
            "POST digitaleadressen",
            "GET actoren",
            "POST actoren",
            "GET actoren",
            "POST maak-klantcontact",
            "POST actorklantcontacten",
            "POST internetaken",
        ]
    )


async def test_a_v4_costs_less_once_its_actoren_and_its_klant_are_known() -> None:
    bench = Bench()
    await bench.take(*v4())
    other = registered("c-2", partijen=[partij("bakker", fields={"partijIdentificatoren": []})])
    of_the_same = await calls_of(bench, v4("c-3"))

    assert of_the_same == ["POST maak-klantcontact", "POST actorklantcontacten", "POST internetaken"]
    assert len(await calls_of(bench, [other])) <= 8


async def test_a_repeat_costs_nothing() -> None:
    bench = Bench()
    await bench.take(*v2(), *v4("c-2"))

    assert await calls_of(bench, [*v2(), *v4("c-2")]) == []


@pytest.mark.parametrize(
    ("beller", "changed"),
    [
        ({}, 2),  # onderwerp and metadata of the klantcontact, and the taak
        ({"contactnaam": {"achternaam": "Anders"}}, 3),
        ({"digitaleAdressen": []}, 3),
        ({"digitaleAdressen": [{"soortDigitaalAdres": "telefoonnummer", "adres": "0687654321"}]}, 4),
    ],
)
async def test_a_correction_costs_a_call_for_each_row_that_changed_and_three_at_most(
    beller: dict[str, Any], changed: int
) -> None:
    bench = Bench()
    await bench.take(*v2())

    assert len(await calls_of(bench, v2(revisie=2, **beller))) <= changed + 3


async def test_a_withdrawal_costs_three_calls_and_one_for_each_address() -> None:
    bench = Bench()
    await bench.take(*v2())

    assert len(await calls_of(bench, [klantcontact_withdrawn("c-1")])) <= 7
