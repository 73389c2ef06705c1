"""The collections as they stand in MongoDB: indexes, validators, and how long what is gone is remembered.

All of it is made at every start, which changes nothing where it is there already. An operator who asks for another
retention gets it at the next start.

Whole sets of the collections: the one that everybody uses, one made anew beside it, and the one from before.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from services.projector.mongo.validators import VALIDATORS
from services.projector.mongo.writes import SINCE, Collection
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings

SLACK_DAYS = 30
"""What is gone is remembered so much longer than an event can be read: Kafka drops a segment some time after its
last record has expired, and somebody may be projecting a backlog."""

DAY_SECONDS = 24 * 60 * 60

NAMESPACE_EXISTS = 48

TTL_INDEX = "forgotten_after"

OPEN = {"interneTaak.status": "te_verwerken"}
"""What tells the taken of all years from those that are still to be done."""

OPEN_INDEX = "open_of_actor_longest_waiting_first"

INDEXES: Mapping[Collection, Sequence[IndexModel]] = {
    Collection.KLANTCONTACTEN: [
        IndexModel(
            [("betrokkenen.wasPartij.partijId", ASCENDING), ("klantcontact.plaatsgevondenOp", DESCENDING)],
            name="of_partij_newest_first",
        ),
        # Sparse: a place that is claimed (`services/projector/mongo/writes.py`) has no number.
        IndexModel([("klantcontact.nummer", ASCENDING)], name="nummer", unique=True, sparse=True),
        IndexModel([("herkomst.contactId", ASCENDING), ("herkomst.source", ASCENDING)], name="of_contact"),
    ],
    Collection.PARTIJEN: [
        IndexModel([("nummer", ASCENDING)], name="nummer", unique=True, sparse=True),
    ],
    Collection.INTERNE_TAKEN: [
        IndexModel([("interneTaak.nummer", ASCENDING)], name="nummer", unique=True, sparse=True),
        IndexModel([("herkomst.contactId", ASCENDING), ("herkomst.source", ASCENDING)], name="of_contact"),
        IndexModel(
            [
                ("interneTaak.toegewezenAan.soortActor", ASCENDING),
                ("interneTaak.toegewezenAan.naam", ASCENDING),
                ("interneTaak.plaatsgevondenOp", ASCENDING),
            ],
            name=OPEN_INDEX,
            partialFilterExpression=OPEN,
        ),
    ],
}


class Generation(StrEnum):
    """A set of the four collections, by what its names end in."""

    LIVE = ""
    NEW = "_nieuw"
    FORMER = "_vorige"

    def name_of(self, collection: Collection) -> str:
        """Give the name of a collection in this set."""
        return f"{collection}{self}"


def remembered_seconds(settings: Settings) -> int:
    """Tell how long what is gone is remembered: longer than the topics keep what could bring it back."""
    return (settings.output_retention_days + SLACK_DAYS) * DAY_SECONDS


async def prepare(
    database: AsyncDatabase[Document], remember_seconds: int, generation: Generation = Generation.LIVE
) -> None:
    """Make what is missing and mend what differs. Several instances may do so at once."""
    for collection in Collection:
        await _create(database, generation.name_of(collection), VALIDATORS[collection])
    for collection, indexes in INDEXES.items():
        await database[generation.name_of(collection)].create_indexes(list(indexes))
    await _expire(database, generation.name_of(Collection.VERVALLEN), remember_seconds)


async def count_open_taken(database: AsyncDatabase[Document]) -> int:
    """Count them in their index, which holds no others."""
    return await database[Collection.INTERNE_TAKEN].count_documents(OPEN, hint=OPEN_INDEX)


async def _create(database: AsyncDatabase[Document], name: str, validator: Document) -> None:
    try:
        await database.command("create", name, validator=validator)
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        await _mend_validator(database, name, validator)


async def _mend_validator(database: AsyncDatabase[Document], name: str, validator: Document) -> None:
    cursor = await database.list_collections(filter={"name": name})
    there = (await cursor.to_list())[0]["options"]
    # A rolling update would otherwise lock the collection at every start.
    if there.get("validator") != validator:
        await database.command("collMod", name, validator=validator)


async def _expire(database: AsyncDatabase[Document], vervallen: str, remember_seconds: int) -> None:
    there = (await database[vervallen].index_information()).get(TTL_INDEX)
    if there is None:
        await database[vervallen].create_index(SINCE, name=TTL_INDEX, expireAfterSeconds=remember_seconds)
    elif there["expireAfterSeconds"] != remember_seconds:
        index = {"name": TTL_INDEX, "expireAfterSeconds": remember_seconds}
        await database.command("collMod", vervallen, index=index)
