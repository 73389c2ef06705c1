"""The bridge, wired together."""

from contextlib import suppress

from services.bridge.handler import BridgeHandler
from services.bridge.kafka.letters import KafkaLetters
from services.bridge.kafka.progress import KafkaProjectorProgress
from services.bridge.kafka.subscriber import TriggerSubscriber, topics_read
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import Choice
from services.bridge.mongo.documents import MongoDocuments
from services.bridge.mongo.states import MongoStates
from services.bridge.mongo.taken import MongoTaken
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.open_klant.connection import open_klant
from services.bridge.outage import Outage
from services.bridge.statuses import EVERY_SECONDS, Statuses
from services.domain.policy import Beleid
from services.runtime.errors import TransientFailure
from services.runtime.kafka.clients import admin_client, idempotent_producer
from services.runtime.mongo.client import Client
from services.runtime.mongo.health import count_documents
from services.runtime.observe import bridge_metrics
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings
from services.runtime.toml_file import load_toml_file
from services.runtime.waiting import repeated


async def run(settings: Settings) -> None:
    """Run until asked to end. Raises as `run_service` does."""
    await run_service("bridge", settings, [*topics_read(settings), *settings.openklant_topics], _bridge)


async def _bridge(service: Service) -> None:
    settings, database = service.settings, service.client[service.settings.mongo_database]
    states, documents = states_of(settings, service.client), documents_of(settings, service.client)
    await service.patiently(states.prepare)
    async with open_klant(settings) as api, idempotent_producer(settings) as producer, admin_client(settings) as admin:
        handler = BridgeHandler(
            await converging(settings, service.client, api),
            outage=Outage(api.probe, service.health),
            letters=KafkaLetters(producer, settings.openklant_dead_letter_topic),
            progress=KafkaProjectorProgress(admin, settings.projector_group, documents.are_whole),
        )
        statuses = Statuses(api, MongoTaken(database, confidential=settings.bridge_confidential))
        triggers = TriggerSubscriber(settings, handler.handle, health=service.health, ending=service.ending)

        async def bring_back() -> None:
            with suppress(TransientFailure):  # the next round brings it
                await statuses.bring_back()

        async def count() -> None:
            await count_documents(database, ("openklant",))
            with suppress(TransientFailure):
                bridge_metrics.OLDEST_UNEQUAL_AGE_SECONDS.set(await states.oldest_unequal_seconds())

        async with repeated(bring_back, service.ending, seconds=EVERY_SECONDS):
            await service.consume(triggers.reading(), count=count)


def states_of(settings: Settings, client: Client) -> MongoStates:
    """Return the bridge's state. What went from Open Klant is remembered as long as `vervallen` remembers it."""
    return MongoStates(
        client[settings.mongo_database],
        remember_days=settings.output_retention_days,
        lease_seconds=round(2 * settings.openklant_timeout) + 10,
    )


def documents_of(settings: Settings, client: Client) -> MongoDocuments:
    """Return the projector's documents."""
    return MongoDocuments(client[settings.mongo_database], confidential=settings.bridge_confidential)


async def converging(settings: Settings, client: Client, api: HttpOpenKlant) -> Klantcontacten:
    """Return what makes a klantcontact equal, as the settings and the policy have it."""
    states = states_of(settings, client)
    return Klantcontacten(
        api,
        documents_of(settings, client),
        states,
        signer=await states.signer(),
        policy=load_toml_file(settings.beleid_file, Beleid).openklant,
        choice=Choice(
            settings.sources_to_open_klant,
            confidential=settings.bridge_confidential,
            add=settings.bridge_existing_partij == "add",
        ),
    )
