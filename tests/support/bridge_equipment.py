"""What the commands of the bridge work with, in a test: a real MongoDB, and an Open Klant in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
from pymongo import AsyncMongoClient

from services.bridge.meant import BridgeTerms, Choice
from services.bridge.mongo.documents import MongoDocuments
from services.bridge.mongo.states import MongoStates
from services.bridge.open_klant.client import HttpOpenKlant
from services.domain.openklant_beleid import OpenKlantBeleid
from services.operations.bridge.equipment import Equipment
from services.operations.mongo import Database
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import SOURCE, Event, fact


@dataclass
class Town:
    """A municipality: its register, its Open Klant, and what its commands work with."""

    equipment: Equipment
    open_klant: OpenKlant
    database: Database
    register: FakeRegister

    async def project(self, *events: Event) -> None:
        """Have the projector show events."""
        self.register.merge([fact(each) for each in events])
        for collection in Collection:
            shown = list(self.register.contents()[collection].values())
            await self.database[collection].delete_many({})
            if shown:
                await self.database[collection].insert_many(shown)

    def choosing(self, choice: Choice) -> Equipment:
        """Return the equipment of a municipality that chooses otherwise."""
        return replace(self.equipment, terms=replace(self.equipment.terms, choice=choice))

    def changes(self) -> list[tuple[str, str]]:
        """Return the calls that changed something, since the last time that a test asked."""
        made = [(each.method, each.resource) for each in self.open_klant.weather.calls if each.method != "GET"]
        self.open_klant.weather.calls.clear()
        return made

    def rows(self, resource: str) -> list[Document]:
        """Return the rows of a resource in Open Klant."""
        return list(self.open_klant.register[resource].rows.values())


@asynccontextmanager
async def running_town(mongo_uri: str, database: str) -> AsyncIterator[Town]:
    """Provide a municipality without contacts."""
    open_klant = OpenKlant()
    transport = httpx.ASGITransport(open_klant.app())
    async with (
        AsyncMongoClient[Document](mongo_uri, tz_aware=True) as mongo,
        httpx.AsyncClient(transport=transport, base_url="http://open-klant") as http,
    ):
        states = MongoStates(mongo[database], remember_days=30, lease_seconds=30)
        await states.prepare()
        equipment = Equipment(
            open_klant=HttpOpenKlant(http, lambda: open_klant.token, timeout_seconds=10),
            documents=MongoDocuments(mongo[database], confidential=False),
            states=states,
            projection=mongo[database],
            terms=BridgeTerms(await states.signer(), OpenKlantBeleid(), Choice(frozenset({SOURCE}))),
            lanes=2,
        )
        yield Town(equipment, open_klant, mongo[database], FakeRegister())
