"""The bridge on a bench: the projector's documents in memory, and an Open Klant that is called through its real API."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from services.bridge.converge import Convergence
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import USUAL, BridgeTerms, Care, Choice
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.parts import Signer
from services.bridge.triggers import KlantcontactAsked, asking_of
from services.domain.openklant_beleid import OpenKlantBeleid
from tests.fakes.bridge_states import FakeDocuments, FakeStates
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import OWN_SOURCES, SOURCE, Event, encoded, fact

BSN = {"1": "999990019", "2": "999990020", "3": "999990032", "4": "999990044"}
"""Numbers that pass the elfproef."""


def realistic(event: Event) -> Event:
    """Return an event whose numbers Open Klant takes: each partij has numbers of its own."""
    changed = copy.deepcopy(event)
    for partij in changed["data"].get("partijen", ()):
        later = 2 if len(partij["nummer"]) < 10 else 0
        for each in partij["partijIdentificatoren"]:
            number = int(each["objectId"]) + later
            each["objectId"] = BSN[str(number)] if each["codeSoortObjectId"] == "bsn" else f"9999000{number}"
    return changed


class Killed(BaseException):
    """The bridge's process ends here."""


@dataclass
class Death(httpx.AsyncBaseTransport):
    """Carries calls to an Open Klant, and ends the bridge at one of them: before it, or before its answer is noted."""

    inner: httpx.AsyncBaseTransport
    at: int | None = None
    """Counted from now on; None: it ends at no call."""
    takes_effect: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a call, or end."""
        if self.at is None or self.at > 0:
            self.at = self.at and self.at - 1
            return await self.inner.handle_async_request(request)
        self.at = None
        if self.takes_effect:
            await self.inner.handle_async_request(request)
        raise Killed


SIGNER = Signer(b"k" * 32)
CHOICE = Choice(frozenset({SOURCE}))


@dataclass
class Bench:
    """One bridge, its projector and its Open Klant."""

    choice: Choice = CHOICE
    policy: OpenKlantBeleid = field(default_factory=OpenKlantBeleid)
    open_klant: OpenKlant = field(default_factory=OpenKlant)
    register: FakeRegister = field(default_factory=FakeRegister)
    states: FakeStates = field(default_factory=FakeStates)

    def __post_init__(self) -> None:
        self.death = Death(httpx.ASGITransport(self.open_klant.app()))
        self.http = httpx.AsyncClient(transport=self.death, base_url="http://open-klant")
        self.api = HttpOpenKlant(self.http, lambda: self.open_klant.token, timeout_seconds=5)
        self.klantcontacten = Klantcontacten(
            self.api,
            FakeDocuments(self.register, confidential=self.choice.confidential),
            self.states,
            BridgeTerms(SIGNER, self.policy, self.choice),
        )

    def project(self, *events: Event) -> None:
        """Have the projector show events."""
        self.register.merge([fact(each) for each in events])

    async def trigger(self, event: Event, asked: Care = USUAL, *, settled: bool = False) -> Convergence:
        """Have the bridge read an event. `settled`: the projector is past it."""
        asking = asking_of(encoded(event), OWN_SOURCES)
        assert asking is not None, "an event of ours"
        if isinstance(asking, KlantcontactAsked):
            return await self.klantcontacten.converge(asking.id, replace(asking.trigger, settled=settled), asked)
        return await self.klantcontacten.converge_partij(
            asking.id, 0 if settled else asking.versie, asked, nummer=asking.nummer
        )

    async def take(self, *events: Event) -> list[Convergence]:
        """Have the projector show events, then the bridge read them."""
        self.project(*events)
        return [await self.trigger(each) for each in events]

    def calls(self) -> list[tuple[str, str, int]]:
        """Return the calls since the last time that somebody asked."""
        made = [(each.method, each.resource, each.status) for each in self.open_klant.weather.calls]
        self.open_klant.weather.calls.clear()
        return made

    def rows(self, resource: str) -> list[dict[str, Any]]:
        """Return the rows of a resource."""
        return list(self.open_klant.register[resource].rows.values())

    def counts(self) -> Mapping[str, int]:
        """Return how many rows there are of each resource that has any."""
        return {name: len(table.rows) for name, table in self.open_klant.register.tables.items() if table.rows}
