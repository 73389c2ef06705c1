"""The database as operators use it: what MongoDB answers is told in words, with nothing of what it was asked."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.mongo.client import REFUSED_USER, Document, address, connect, is_away
from services.runtime.observe.health import Part
from services.runtime.settings import Settings

Database = AsyncDatabase[Document]


@contextmanager
def mongo_told(settings: Settings, *, right: str = "read") -> Iterator[None]:
    """Say in words for an operator what MongoDB answers. `right` is what this user must be allowed in the database.

    Raises InvalidSettings when it is not, TransientFailure when MongoDB is away or can't do it.
    """
    at = f"MongoDB at {address(settings)}"
    try:
        yield
    except PyMongoError as error:
        # The driver's own text may repeat what was asked: it goes no further.
        code = error.code if isinstance(error, OperationFailure) else None
        if code in REFUSED_USER:
            raise InvalidSettings(
                f"KLANTCONTACT_MONGO_URI: {at} refuses this user (code {code}). Ask for the right to {right} the "
                f"database {settings.mongo_database}."
            ) from None
        if is_away(error):
            raise TransientFailure(f"{at} does not answer.", part=Part.MONGODB) from None
        if code is None:
            raise  # a mistake of ours
        raise TransientFailure(f"{at} can't do it (code {code}).", part=Part.MONGODB) from None


@asynccontextmanager
async def read_database(settings: Settings) -> AsyncIterator[Database]:
    """Give the database for the block. Raises as `mongo_told` does."""
    async with await connect(settings) as client:
        with mongo_told(settings):
            yield client[settings.mongo_database]
