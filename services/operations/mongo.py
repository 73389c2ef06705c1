"""The database as operators' commands use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.asynchronous.database import AsyncDatabase

from services.runtime.mongo.client import Document, connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

Database = AsyncDatabase[Document]


@asynccontextmanager
async def read_database(settings: Settings) -> AsyncIterator[Database]:
    """Provide the database for the block. Raises as `translate_mongo_errors` does."""
    async with await connect(settings) as client:
        with translate_mongo_errors(settings):
            yield client[settings.mongo_database]
