"""Open Klant goes away while lanes work, over real HTTP: they wait together, one asks, and nothing is made twice."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import pytest

from services.bridge.errors import LetterReason
from services.bridge.handler import BridgeHandler
from services.bridge.kafka.lanes import Lanes
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import BridgeTerms
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.outage import FAILURES, PROBE_SECONDS, Outage
from services.bridge.poison import FAILURES_ALONE
from services.bridge.ports import BridgeLetter
from services.bridge.triggers import Asking, asking_of
from services.domain.openklant_beleid import OpenKlantBeleid
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from tests.fakes.bridge_states import FakeDocuments, FakeStates
from tests.fakes.open_klant.faults import Broken, Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister
from tests.support.bridge_bench import CHOICE, SIGNER
from tests.support.bridge_picture import found_picture, wanted_picture
from tests.support.projector_examples import (
    OWN_SOURCES,
    SOURCE,
    Event,
    email,
    encoded,
    fact,
    identifier,
    klantcontact_id,
    partij,
    registered,
    taak_created,
)

LANES = 3


@dataclass
class Bridge:
    """The bridge's lanes over HTTP. It sleeps no time: `slept` has how long it meant to."""

    open_klant: OpenKlant
    timeout_seconds: float = 60
    register: FakeRegister = field(default_factory=FakeRegister)
    states: FakeStates = field(default_factory=FakeStates)
    slept: list[float] = field(default_factory=list)
    letters: list[BridgeLetter] = field(default_factory=list)
    health: Health = field(default_factory=lambda: Health(()))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def write(self, letter: BridgeLetter) -> None:
        self.letters.append(letter)

    async def is_past(self, _: Record) -> bool:
        return True

    async def handle(self, *events: Event) -> None:
        """Have the projector show events, then the lanes read them to the end."""
        self.register.merge([fact(each) for each in events])
        async with httpx.AsyncClient(base_url=self.open_klant.root) as http:
            api = HttpOpenKlant(http, lambda: self.open_klant.token, timeout_seconds=self.timeout_seconds)
            terms = BridgeTerms(SIGNER, OpenKlantBeleid(), CHOICE)
            klantcontacten = Klantcontacten(api, FakeDocuments(self.register), self.states, terms)
            outage = Outage(api.probe, self.health, self.sleep)
            handler = BridgeHandler(
                klantcontacten, outage=outage, letters=self, progress=self, health=self.health, sleep=self.sleep
            )
            done = asyncio.Semaphore(0)

            async def handle(asking: Asking, record: Record) -> None:
                await handler.handle(asking, record)
                done.release()

            lanes = Lanes(LANES, handle)
            for offset, event in enumerate(events):
                record = Record("klantcontact.registered", 0, offset, datetime.now(UTC), None, None, ())
                lanes.take(record, asking_of(encoded(event), OWN_SOURCES))
            running = lanes.running()
            for _ in events:
                await done.acquire()
            lanes.end()
            await asyncio.gather(*running)


def contacts(number: int) -> list[Event]:
    """Return contacts of one klant, each with an address of its own and a taak."""
    events = []
    for each in range(number):
        klant = partij(versie=each + 1, fields={"digitaleAdressen": [email("m@example.nl")]})
        contact = registered(f"c-{each}", partijen=[klant])
        contact["data"]["betrokkenen"][0]["digitaleAdressen"] = [email(f"{each}@example.nl")]
        events += [contact, taak_created(f"c-{each}")]
    return events


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, skip=4, times=30),
        Fault(502, skip=4, times=30, takes_effect=True),
        Fault(Broken.HALF, skip=4, times=30),
        Fault(Broken.CUT, skip=4, times=30),
        Fault(None, skip=4, times=15, delay_seconds=0.4),
    ],
    ids=["500", "502 that took effect", "half answers", "cut off", "late answers that took effect"],
)
async def test_lanes_wait_together_until_open_klant_answers_and_make_nothing_twice(
    open_klant: OpenKlant, fault: Fault
) -> None:
    bridge = Bridge(open_klant, timeout_seconds=0.2 if fault.delay_seconds else 60)
    open_klant.weather.plan(fault)
    for skip in range(2, 40, 3):  # and now and then a call takes effect that nobody is told of
        open_klant.weather.plan(Fault(500, takes_effect=True, method="POST", skip=skip))
    await bridge.handle(*contacts(8))

    assert found_picture(open_klant) == wanted_picture(bridge.register, sources=[SOURCE])
    rows = {name: len(table.rows) for name, table in open_klant.register.tables.items()}
    assert (rows["klantcontacten"], rows["internetaken"], rows["partijen"], rows["actoren"]) == (8, 8, 1, 2)
    assert (rows["betrokkenen"], rows["actorklantcontacten"], rows["digitaleadressen"]) == (8, 8, 9)
    assert PROBE_SECONDS in bridge.slept
    assert bridge.letters == []


async def test_a_token_that_is_refused_stops_every_lane_at_its_first_call(open_klant: OpenKlant) -> None:
    bridge = Bridge(open_klant)
    open_klant.weather.plan(Fault(401, times=9))
    await bridge.handle(*contacts(3))

    statuses = Counter(each.status for each in open_klant.weather.calls[:9])
    assert statuses == {401: 9}
    # At most one call a lane before they stop; the others are probes, ten seconds apart.
    assert bridge.slept.count(PROBE_SECONDS) >= 9 - LANES
    assert found_picture(open_klant) == wanted_picture(bridge.register, sources=[SOURCE])
    assert bridge.health.ready()


async def test_an_orphaned_standard_address_holds_up_only_who_needs_it_and_makes_no_letter(
    open_klant: OpenKlant,
) -> None:
    bridge = Bridge(open_klant)
    orphan = {"adres": "x@example.nl", "soortDigitaalAdres": "email", "isStandaardAdres": True, "referentie": ""}
    nobody = {"verstrektDoorBetrokkene": None, "verstrektDoorPartij": None, "omschrijving": ""}
    row = open_klant.register.add("digitaleadressen", {**orphan, **nobody})
    events = [registered("c-1")]
    events[0]["data"]["betrokkenen"] = [
        {
            "betrokkeneId": identifier("b-1"),
            "rol": "klant",
            "initiator": True,
            "digitaleAdressen": [email("a@example.nl")],
        }
    ]

    others = [registered(f"without-{each}") for each in range(4)]

    def mended(*_: str) -> None:
        refusals = sum(each.status == 400 for each in open_klant.weather.calls)
        if refusals > FAILURES and len(open_klant.register["klantcontacten"].rows) > 1:
            open_klant.register["digitaleadressen"].drop(row["uuid"])

    open_klant.weather.before = mended
    await bridge.handle(*events, *others)
    assert (PROBE_SECONDS in bridge.slept, bridge.letters) == (False, [])
    assert found_picture(open_klant) == wanted_picture(bridge.register, sources=[SOURCE])


def with_two_betrokkenen(name: str) -> Event:
    """Return a contact whose second betrokkene takes a call of its own."""
    event = registered(name)
    event["data"]["betrokkenen"] = [
        {"betrokkeneId": identifier(f"b-{each}"), "rol": "klant", "initiator": each == 1} for each in (1, 2)
    ]
    return event


@pytest.mark.parametrize(
    "fault",
    [Fault(500), Fault(Broken.CUT), Fault(500, delay_seconds=0.2)],
    ids=["it fails", "it is cut off", "it takes too long"],
)
async def test_a_contact_that_open_klant_always_fails_at_becomes_a_letter_and_its_lane_goes_on(
    open_klant: OpenKlant, fault: Fault
) -> None:
    bridge = Bridge(open_klant, timeout_seconds=0.1)
    open_klant.weather.plan(replace(fault, method="POST", resource="betrokkenen", times=None))
    await bridge.handle(with_two_betrokkenen("poison"), *(registered(f"c-{each}") for each in range(9)))

    assert [(each.id, each.reason) for each in bridge.letters] == [(klantcontact_id("poison"), LetterReason.FAALT)]
    assert len(open_klant.register["klantcontacten"].rows) == 10


async def test_a_create_that_took_effect_unanswered_is_found_by_the_convergence_after_its_letter(
    open_klant: OpenKlant,
) -> None:
    bridge = Bridge(open_klant)
    poison = with_two_betrokkenen("poison")
    fault = Fault(Broken.CUT, method="POST", resource="betrokkenen", times=FAILURES_ALONE - 1)
    open_klant.weather.plan(fault)
    open_klant.weather.plan(replace(fault, takes_effect=True, times=1))
    await bridge.handle(poison)
    [letter] = bridge.letters
    assert len(open_klant.register["betrokkenen"].rows) == 2
    assert letter.told.startswith("POST betrokkenen was not answered (RemoteProtocolError). It may have taken effect.")

    await bridge.handle(poison)
    assert found_picture(open_klant) == wanted_picture(bridge.register, sources=[SOURCE])
    assert len(bridge.letters) == 1


async def test_an_open_klant_that_can_be_read_and_takes_no_writes_makes_no_letter(open_klant: OpenKlant) -> None:
    bridge = Bridge(open_klant)
    open_klant.weather.plan(Fault(500, method="POST", skip=20, times=50))
    await bridge.handle(*contacts(8))
    assert bridge.letters == []
    assert found_picture(open_klant) == wanted_picture(bridge.register, sources=[SOURCE])
