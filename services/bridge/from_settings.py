"""The parts that the bridge and its commands both have, made from the settings."""

from services.bridge.meant import BridgeTerms, Choice
from services.bridge.mongo.documents import MongoDocuments
from services.bridge.mongo.states import MongoStates
from services.domain.policy import Beleid
from services.runtime.mongo.client import Client
from services.runtime.settings import Settings
from services.runtime.toml_file import load_toml_file


def states_of(settings: Settings, client: Client) -> MongoStates:
    """Return the bridge's state. It remembers what went from Open Klant as long as `vervallen` does."""
    return MongoStates(
        client[settings.mongo_database],
        remember_days=settings.output_retention_days,
        lease_seconds=round(2 * settings.openklant_timeout) + 10,
    )


def documents_of(settings: Settings, client: Client) -> MongoDocuments:
    """Return the projector's documents."""
    return MongoDocuments(client[settings.mongo_database], confidential=settings.bridge_confidential)


async def terms_of(settings: Settings, states: MongoStates) -> BridgeTerms:
    """Return the terms on which klantcontacten go to Open Klant. Raises InvalidSettings and TransientFailure."""
    return BridgeTerms(
        signer=await states.signer(),
        policy=load_toml_file(settings.beleid_file, Beleid).openklant,
        choice=Choice(
            settings.sources_to_open_klant,
            confidential=settings.bridge_confidential,
            add=settings.bridge_existing_partij == "add",
        ),
    )
