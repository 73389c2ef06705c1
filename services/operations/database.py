"""The database as operators read it: what MongoDB answers is told in words, with nothing of what it was asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from services.runtime import mongo
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.health import Part
from services.runtime.settings import Settings

Database = AsyncDatabase[mongo.Document]


@asynccontextmanager
async def read_database(settings: Settings) -> AsyncIterator[Database]:
    """Give the database for the block.

    Raises TransientFailure when MongoDB is away, InvalidSettings when it does not let this user read.
    """
    client = await mongo.connect(settings)
    address = mongo.address(settings)
    async with client:
        try:
            yield client[settings.mongo_database]
        except OperationFailure as error:
            if error.code in mongo.REFUSED_USER:
                raise InvalidSettings(
                    f"MongoDB at {address} does not let this user read (code {error.code}). Ask for the right to read "
                    f"the database {settings.mongo_database}."
                ) from None  # the driver's text may repeat what was asked
            raise TransientFailure(
                f"MongoDB at {address} can't answer this (code {error.code}).", part=Part.MONGODB
            ) from None
        except PyMongoError:
            raise TransientFailure(f"MongoDB at {address} does not answer.", part=Part.MONGODB) from None
