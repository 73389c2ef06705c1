"""PyMongo's asynchronous client, as far as the services use it, on the simulated store."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bson.binary import Binary

from tests.simulate.mongo.collection import Collection, Cursor
from tests.simulate.mongo.matching import Document
from tests.simulate.mongo.session import Server, Session
from tests.simulate.mongo.store import Transaction


class Client(Server):
    """An `AsyncMongoClient`."""

    def __getitem__(self, name: str) -> "Database":
        return Database(self)

    @asynccontextmanager
    async def start_session(self, *, snapshot: bool = False) -> AsyncIterator["Session"]:
        """Yield a session; a transaction that is open at the end is aborted."""
        session = Session(self)
        if snapshot:
            session.transaction = Transaction(self.store)
        try:
            yield session
        finally:
            await session.end()


class Database:
    """An `AsyncDatabase`. All names lead to the same one."""

    name = "klantcontact"

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getitem__(self, name: str) -> "Collection":
        return Collection(self._client, name)

    async def list_collections(self, *, filter: Mapping[str, Any]) -> "Cursor":  # noqa: A002 - PyMongo's
        """Return the names and UUIDs of collections."""
        store, names = self._client.store, filter["name"]["$in"]

        def work() -> list[Document]:
            there = [(name, store.identities[name]) for name in names if name in store.collections]
            return [{"name": name, "info": {"uuid": Binary.from_uuid(identity)}} for name, identity in there]

        return Cursor(lambda: self._client.ask("mongo: collections", work))

    async def drop_collection(self, name: str) -> None:
        """Drop a collection."""
        await self._client.ask(f"mongo: drop {name}", lambda: self._client.store.drop(name))
