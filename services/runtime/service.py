"""The frame of a service: it waits for Kafka and MongoDB, does its work, and ends when it is asked to."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

import structlog

from services.runtime.ending import Ending
from services.runtime.kafka.brokers_clock import require_brokers_clock
from services.runtime.kafka.clients import require_topics
from services.runtime.logboek.logboek import Logboek, logboek
from services.runtime.mongo.client import Client, connect
from services.runtime.mongo.health import watched
from services.runtime.observe.health import Health, serve
from services.runtime.observe.tracing import Spans, tracing
from services.runtime.secret import READABLE_ADVICE, readable_by_others
from services.runtime.settings import Settings
from services.runtime.waiting import closed_soon, until_answered

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Service:
    """The settings, MongoDB client and reporters of a service whose servers have answered."""

    settings: Settings
    client: Client
    health: Health
    ending: Ending
    spans: Spans | None
    logboek: Logboek | None

    async def patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Retry a step of the start while a server is away, until the service is asked to end."""
        await self.ending.unless(until_answered(step, self.health))

    async def consume(
        self, reading: AbstractAsyncContextManager[None], *, count: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Read from Kafka until there is a reason to end. `count` sets the metrics of stored documents, if any."""
        async with watched(self.client, self.health, self.ending, count=count), reading:
            await self.ending.wait()


async def run_service(
    name: str, settings: Settings, topics: Sequence[str], work: Callable[[Service], Awaitable[None]]
) -> None:
    """Do the work of a service until SIGTERM or SIGINT.

    Raises InvalidSettings for what the operator must change. Raises the failure that nothing here can handle; the
    process then ends with a status that makes a supervisor restart it.
    """
    for variable, file in readable_by_others(settings):
        log.warning("secret.readable_by_others", setting=variable, file=file, advice=READABLE_ADVICE)
    ending, health = Ending(), Health()
    with ending.on_signals(), tracing(name) as spans, logboek(name, settings) as book:
        async with serve(settings, health):
            for require in (require_topics, require_brokers_clock):
                await ending.unless(until_answered(partial(require, settings, *topics), health))
            client = await ending.unless(until_answered(partial(connect, settings), health))
            if client is not None:
                async with closed_soon(client):
                    await work(Service(settings, client, health, ending, spans, book))
