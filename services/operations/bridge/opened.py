"""What the commands of the bridge work with, from the settings on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.bridge.from_settings import documents_of, states_of, terms_of
from services.bridge.open_klant.connection import open_klant
from services.operations.bridge.equipment import Equipment
from services.runtime.mongo.client import connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings


@asynccontextmanager
async def equipment(settings: Settings) -> AsyncIterator[Equipment]:
    """Provide the equipment for the block. Raises InvalidSettings, Unavailable and TransientFailure."""
    async with await connect(settings) as client, open_klant(settings) as api:
        with translate_mongo_errors(settings):
            states = states_of(settings, client)
            yield Equipment(
                open_klant=api,
                documents=documents_of(settings, client),
                states=states,
                projection=client[settings.mongo_database],
                terms=await terms_of(settings, states),
                lanes=settings.openklant_lanes,
            )
