"""The projector, wired together."""

from functools import partial

from services.projector.mongo import layout
from services.projector.mongo.register import MongoProjection
from services.projector.subscriber import EventSubscriber
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings
from services.runtime.stops.store import MongoStops


async def run(settings: Settings) -> None:
    """Run until asked to end. Raises as `run_service` does.

    At an event that it can't project it stops the partition and stays up, not ready. Readiness says where and why.
    """
    await run_service("projector", settings, settings.output_topics, _project)


async def _project(service: Service) -> None:
    settings, health = service.settings, service.health
    register = MongoProjection(service.client, settings.mongo_database)
    await service.patiently(partial(register.prepare, layout.remembered_seconds(settings)))
    events = EventSubscriber(
        settings,
        register=register,
        stop_store=MongoStops(service.client[settings.mongo_database]),
        health=health,
        ending=service.ending,
        spans=service.spans,
    )
    await service.consume(events.reading(), count=register.count)
