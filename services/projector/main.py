"""The projector, wired together."""

import gc
from functools import partial

from pymongo import AsyncMongoClient

from services.projector.adapters import layout
from services.projector.adapters.consumption import Consumption
from services.projector.adapters.mongo_register import MongoRegister
from services.runtime.ending import Ending
from services.runtime.health import Health, serve
from services.runtime.kafka import require_topics
from services.runtime.mongo import Document, connect
from services.runtime.patience import until_answered
from services.runtime.settings import Settings


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises InvalidSettings for what the operator must change, and the failure that
    nobody can handle: the process then ends with a status that makes a supervisor start it again.

    At an event that it can't project it stands still, not ready, and says where and why.
    """
    ending, health = Ending(), Health()
    topics = (settings.registered_topic, settings.confidential_topic, settings.taak_topic)
    with ending.on_signals():
        async with serve(settings, health):
            await ending.unless(until_answered(partial(require_topics, settings, *topics), health))
            client = await ending.unless(until_answered(partial(connect, settings), health))
            if client is not None:
                async with client:
                    await _consume(settings, client, health, ending)


async def _consume(settings: Settings, client: AsyncMongoClient[Document], health: Health, ending: Ending) -> None:
    register = MongoRegister(client, settings.mongo_database)
    prepare = partial(register.prepare, layout.remembered_seconds(settings))
    await ending.unless(until_answered(prepare, health))
    consumption = Consumption(
        settings,
        register=register,
        is_database_there=register.is_there,
        health=health,
        ending=ending,
    )
    _look_for_garbage_less()
    if not ending.asked:
        async with consumption:
            await ending.wait()


def _look_for_garbage_less() -> None:
    """Looking for cycles took a fifth of the time: what the start made stays, and a batch goes without them."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
