"""The projector, wired together."""

from functools import partial

from pymongo import AsyncMongoClient

from services.projector.adapters import layout
from services.projector.adapters.consumption import Consumption
from services.projector.adapters.mongo_register import MongoRegister
from services.runtime.ending import Ending
from services.runtime.health import Health, serve
from services.runtime.kafka import require_topics
from services.runtime.mongo import Document, connect
from services.runtime.mongo_health import watched
from services.runtime.patience import closed_soon, until_answered
from services.runtime.settings import Settings
from services.runtime.tracing import Spans, tracing


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises InvalidSettings for what the operator must change, and the failure that
    nobody can handle: the process then ends with a status that makes a supervisor start it again.

    At an event that it can't project it stands still, not ready, and says where and why.
    """
    ending, health = Ending(), Health()
    topics = (settings.registered_topic, settings.confidential_topic, settings.taak_topic)
    with ending.on_signals(), tracing("projector") as spans:
        async with serve(settings, health):
            await ending.unless(until_answered(partial(require_topics, settings, *topics), health))
            client = await ending.unless(until_answered(partial(connect, settings), health))
            if client is not None:
                async with closed_soon(client):
                    await _consume(settings, client, health, ending, spans)


async def _consume(
    settings: Settings, client: AsyncMongoClient[Document], health: Health, ending: Ending, spans: Spans | None
) -> None:
    register = MongoRegister(client, settings.mongo_database)
    prepare = partial(register.prepare, layout.remembered_seconds(settings))
    await ending.unless(until_answered(prepare, health))
    consumption = Consumption(settings, register=register, health=health, ending=ending, spans=spans)
    async with watched(client, health, ending, is_idle=lambda: consumption.is_idle, count=register.count), consumption:
        await ending.wait()
