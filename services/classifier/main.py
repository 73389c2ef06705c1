"""The classifier, wired together."""

from functools import partial

from pymongo import AsyncMongoClient

from services.classifier.adapters.consumption import Consumption
from services.classifier.adapters.mongo_register import MongoRegister
from services.classifier.adapters.system_clock import SystemClock
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.domain.case import prepare
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.runtime.ending import Ending
from services.runtime.health import Health, serve
from services.runtime.kafka import require_topics
from services.runtime.mongo import Document, connect
from services.runtime.mongo_health import watched
from services.runtime.patience import closed_soon, until_answered
from services.runtime.policy_file import load_policy_file
from services.runtime.settings import Settings
from services.runtime.sleutel import load_sleutel
from services.runtime.tracing import Spans, tracing


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises InvalidSettings for what the operator must change, and what nobody can
    handle, after which a supervisor starts it again.
    """
    beleid = load_policy_file(settings.beleid_file, Beleid)
    sleutels = Sleutels(load_sleutel(settings), settings.sleutelversie)
    ending, health = Ending(), Health()
    with ending.on_signals(), tracing("classifier") as spans:
        async with serve(settings, health):
            await ending.unless(until_answered(partial(require_topics, settings, *settings.topics), health))
            client = await ending.unless(until_answered(partial(connect, settings), health))
            if client is not None:
                async with closed_soon(client):
                    await _consume(settings, client, beleid, sleutels, health, ending, spans)


async def _consume(
    settings: Settings,
    client: AsyncMongoClient[Document],
    beleid: Beleid,
    sleutels: Sleutels,
    health: Health,
    ending: Ending,
    spans: Spans | None,
) -> None:
    store = MongoRegister(client, settings.mongo_database, beleid)
    await ending.unless(until_answered(store.prepare, health))
    handler = Handler(
        prepare=partial(prepare, sleutels=sleutels, beleid=beleid),
        store=store,
        encoder=Encoder(settings),
        clock=SystemClock(),
        health=health,
        own_failures_limit=settings.own_failures_limit,
        spans=spans,
    )
    consumption = Consumption(settings, handler=handler, health=health, ending=ending)
    async with watched(client, health, ending, is_idle=lambda: consumption.is_idle, count=store.count), consumption:
        await ending.wait()
