"""The mapper, wired together."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from services.channels.loading import MappedChannel, mapped_channels
from services.channels.mapper.encoding import EventEncoder
from services.channels.mapper.event_keys import EventKeys
from services.channels.mapper.handler import MessageHandler
from services.channels.mapper.instrumentation import show_channel_counters
from services.runtime.clock import SystemClock
from services.runtime.exactly_once.subscriber import Route, TransactionalSubscriber
from services.runtime.letters.letter_keys import MongoLetterKeys
from services.runtime.letters.sealing import configured_sealers
from services.runtime.secret import load_sleutel
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings
from services.runtime.stops.store import MongoStops


async def run(settings: Settings) -> None:
    """Run until the process is asked to end. Raises what `run_service` raises.

    The mapper reads the channels file and the mappings once, here. A change takes effect after a restart.
    """
    channels = mapped_channels(settings)
    encoder = EventEncoder(configured_sealers(settings)[-1], EventKeys(load_sleutel(settings)))
    read_and_written = route(settings, channels)
    topics = [*read_and_written.topics, *read_and_written.outputs]
    await run_service("mapper", settings, topics, partial(_map, encoder=encoder, channels=channels))


async def _map(service: Service, *, encoder: EventEncoder, channels: Mapping[str, MappedChannel]) -> None:
    settings, health = service.settings, service.health
    database = service.client[settings.register_database]
    stop_store = MongoStops(database)
    letter_keys = MongoLetterKeys(database, timedelta(days=settings.dead_letter_retention_days))
    await service.patiently(letter_keys.prepare)
    show_channel_counters(channels.values())
    handler = MessageHandler(
        channels=channels,
        stop_store=stop_store,
        letter_keys=letter_keys,
        encoder=encoder,
        clock=SystemClock(),
        health=health,
        own_failures_limit=settings.own_failures_limit,
        spans=service.spans,
    )
    messages = TransactionalSubscriber(
        settings,
        route(settings, channels),
        handler=handler,
        stop_store=stop_store,
        health=health,
        ending=service.ending,
    )
    await service.consume(messages.reading())


def route(settings: Settings, channels: Mapping[str, MappedChannel]) -> Route:
    """Return what the mapper reads, and where it may publish."""
    events = dict.fromkeys(channel.contact_topic for channel in channels.values())
    return Route(settings.raw_topics, settings.mapper_group, [*events, *settings.raw_dead_letter_topics])
