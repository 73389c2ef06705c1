"""The bridge, wired together."""

from contextlib import suppress
from functools import partial

from services.bridge.from_settings import documents_of, states_of, terms_of
from services.bridge.handler import BridgeHandler
from services.bridge.kafka.letters import KafkaLetters
from services.bridge.kafka.progress import KafkaProjectorProgress
from services.bridge.kafka.subscriber import TriggerSubscriber
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.mongo.taken import MongoTaken
from services.bridge.open_klant.connection import open_klant
from services.bridge.outage import Outage
from services.bridge.statuses import EVERY_SECONDS, Statuses
from services.runtime.errors import TransientFailure
from services.runtime.kafka.clients import admin_client, idempotent_producer
from services.runtime.mongo.health import count_documents
from services.runtime.observe import bridge_metrics
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings
from services.runtime.waiting import repeated


async def run(settings: Settings) -> None:
    """Run until asked to end. Raises as `run_service` does."""
    await run_service("bridge", settings, [*settings.bridge_topics, *settings.openklant_topics], _bridge)


async def _bridge(service: Service) -> None:
    settings, database = service.settings, service.client[service.settings.mongo_database]
    states, documents = states_of(settings, service.client), documents_of(settings, service.client)
    await service.patiently(states.prepare)
    async with open_klant(settings) as api, idempotent_producer(settings) as producer, admin_client(settings) as admin:
        progress = KafkaProjectorProgress(admin, settings.projector_group, documents.are_whole)
        await service.patiently(partial(progress.require_right, settings))
        handler = BridgeHandler(
            Klantcontacten(api, documents, states, await terms_of(settings, states)),
            outage=Outage(api.probe, service.health),
            letters=KafkaLetters(producer, settings.openklant_dead_letter_topic),
            progress=progress,
            health=service.health,
        )
        statuses = Statuses(api, MongoTaken(database, confidential=settings.bridge_confidential))
        triggers = TriggerSubscriber(settings, handler.handle, health=service.health, ending=service.ending)

        async def count() -> None:
            await count_documents(database, ("openklant",))
            with suppress(TransientFailure):
                bridge_metrics.OLDEST_UNEQUAL_AGE_SECONDS.set(await states.oldest_unequal_seconds())

        async with repeated(statuses.bring_back_in_time, service.ending, seconds=EVERY_SECONDS):
            await service.consume(triggers.reading(), count=count)
