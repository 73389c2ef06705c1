"""`python -m tests.benchmarks.open_klant [CONTACTS]`: how busy the bridge's lanes keep Open Klant, and its memory.

Open Klant answers each call in 50 ms, and runs in a thread of this process. What it is not busy, the bridge wastes.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import uvloop

from services.bridge.kafka.lanes import Lanes
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import BridgeTerms
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.ports import ShownContact, ShownOrGone
from services.bridge.triggers import Asking, KlantcontactAsked, asking_of
from services.domain.openklant_beleid import OpenKlantBeleid
from services.projector.mongo.writes import Collection
from services.runtime.kafka.records import Record
from tests.fakes.bridge_states import FakeStates
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import Contents, FakeRegister
from tests.support.bridge_bench import CHOICE, SIGNER
from tests.support.projector_examples import OWN_SOURCES, Event, encoded, fact, registered, taak_created

LATENCY_SECONDS = 0.05
LANES = 4
MIB = 1024


class _Documents:
    """The projector's documents, each at hand: looking one up is MongoDB's work, not the bridge's."""

    def __init__(self, contents: Contents) -> None:
        self._klantcontacten = contents[Collection.KLANTCONTACTEN]
        taken = contents[Collection.INTERNE_TAKEN].values()
        self._taken = {taak["interneTaak"]["aanleidinggevendKlantcontact"]["klantcontactId"]: taak for taak in taken}

    async def of_klantcontact(self, klantcontact_id: str, _: Sequence[str] = ()) -> ShownContact:
        taak = self._taken[klantcontact_id]
        return ShownContact(self._klantcontacten[klantcontact_id], {taak["_id"]: taak})

    async def of_partij(self, _: str) -> ShownOrGone:
        return None


def main(contacts: int = 150) -> None:
    """Print a table."""
    print(f"{'lanes':>5}  {'contacts':>8}  {'calls':>6}  {'seconds':>7}  {'busy':>6}  {'MiB':>5}")
    for lanes in (1, LANES):
        open_klant = OpenKlant()
        open_klant.weather.latency_seconds = LATENCY_SECONDS
        with open_klant.running():
            seconds = uvloop.run(_written(open_klant, lanes, contacts))
        calls = len(open_klant.weather.calls)
        busy = open_klant.weather.busy_seconds / (lanes * seconds)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MIB
        print(f"{lanes:>5}  {contacts:>8}  {calls:>6}  {seconds:>7.1f}  {busy:>6.1%}  {peak:>5}")


async def _written(open_klant: OpenKlant, lanes: int, contacts: int) -> float:
    """Write contacts with a taak each, and return how long half of them took."""
    register = FakeRegister()
    events = [event for number in range(contacts) for event in _contact(f"c-{number}")]
    register.merge([fact(event) for event in events])
    async with httpx.AsyncClient(base_url=open_klant.root) as http:
        klantcontacten = Klantcontacten(
            HttpOpenKlant(http, lambda: open_klant.token, timeout_seconds=30),
            _Documents(register.contents()),
            FakeStates(),
            BridgeTerms(SIGNER, OpenKlantBeleid(), CHOICE),
        )

        half_done, handled = asyncio.Event(), 0

        async def handle(asking: Asking, _: Record) -> None:
            nonlocal handled
            assert isinstance(asking, KlantcontactAsked)
            await klantcontacten.converge(asking.id, asking.trigger)
            handled += 1
            if handled == len(events) // 2:
                half_done.set()

        return await _through(Lanes(lanes, handle), events, half_done)


async def _through(lanes: Lanes, events: list[Event], half_done: asyncio.Event) -> float:
    """Measure as long as every lane has work: until half of it is done."""
    for offset, event in enumerate(events):
        asking = asking_of(encoded(event), OWN_SOURCES)
        lanes.take(Record("klantcontact.registered", 0, offset, datetime.now(UTC), None, None, ()), asking)
    began, running = time.monotonic(), lanes.running()
    await half_done.wait()
    seconds = time.monotonic() - began
    for each in running:
        each.cancel()
    return seconds


def _contact(name: str) -> list[Event]:
    return [registered(name), taak_created(name)]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
