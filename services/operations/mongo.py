"""The databases as operators' commands use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from pymongo.asynchronous.database import AsyncDatabase

from services.runtime.mongo.client import Client, Document, connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

Database = AsyncDatabase[Document]


class Databases(NamedTuple):
    """The two databases, which may be one."""

    register: Database
    """What the classifier keeps, and what operators did."""
    projection: Database
    """What the projector makes."""


def databases_of(client: Client, settings: Settings) -> Databases:
    """Return both databases."""
    return Databases(client[settings.register_database], client[settings.mongo_database])


@asynccontextmanager
async def read_databases(settings: Settings) -> AsyncIterator[Databases]:
    """Provide both databases for the block. Raises as `translate_mongo_errors` does."""
    async with await connect(settings) as client:
        with translate_mongo_errors(settings):
            yield databases_of(client, settings)


@asynccontextmanager
async def read_register(settings: Settings) -> AsyncIterator[Database]:
    """Provide the database of the register for the block. Raises as `translate_mongo_errors` does."""
    async with read_databases(settings) as databases:
        yield databases.register
