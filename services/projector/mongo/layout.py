"""The layout of the collections in MongoDB: generations of them, indexes, validators and retention.

Every start prepares them, and changes nothing where all is in place. So a changed setting takes effect at the next
start.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from services.projector.merging.taak import TO_BE_DONE
from services.projector.mongo.validators import VALIDATORS
from services.projector.mongo.writes import CLAIMED, CLAIMS, SINCE, Collection, places_of
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings

SLACK_DAYS = 30
"""`vervallen` keeps a document so much longer than Kafka keeps an event: Kafka drops a segment some time after its last
record has expired, and the projector may be working through a backlog."""

DAY_SECONDS = 24 * 60 * 60

NAMESPACE_EXISTS = 48

TTL_INDEX = "forgotten_after"

OPEN = {"interneTaak.status": TO_BE_DONE}
"""Selects the taken that are still to be done, among those of all years."""

OPEN_INDEX = "open_of_actor_longest_waiting_first"

_OF_CONTACT: Final = IndexModel([("herkomst.contactId", ASCENDING), ("herkomst.source", ASCENDING)], name="of_contact")

_OF_KLANTCONTACTEN: Final = (
    IndexModel(
        [("betrokkenen.wasPartij.partijId", ASCENDING), ("klantcontact.plaatsgevondenOp", DESCENDING)],
        name="of_partij_newest_first",
    ),
    # Each document has a number, so `sparse` changes nothing. MongoDB refuses to change it for an existing index.
    IndexModel([("klantcontact.nummer", ASCENDING)], name="nummer", unique=True, sparse=True),
    _OF_CONTACT,
)

_OF_TAKEN: Final = (
    IndexModel([("interneTaak.nummer", ASCENDING)], name="nummer", unique=True, sparse=True),
    _OF_CONTACT,
    IndexModel(
        [
            ("interneTaak.toegewezenAan.soortActor", ASCENDING),
            ("interneTaak.toegewezenAan.naam", ASCENDING),
            ("interneTaak.plaatsgevondenOp", ASCENDING),
        ],
        name=OPEN_INDEX,
        partialFilterExpression=OPEN,
    ),
)

INDEXES: Mapping[Collection, Sequence[IndexModel]] = {
    Collection.KLANTCONTACTEN: _OF_KLANTCONTACTEN,
    Collection.KLANTCONTACTEN_VERTROUWELIJK: _OF_KLANTCONTACTEN,
    Collection.PARTIJEN: (IndexModel([("nummer", ASCENDING)], name="nummer", unique=True, sparse=True),),
    Collection.INTERNE_TAKEN: _OF_TAKEN,
    Collection.INTERNE_TAKEN_VERTROUWELIJK: _OF_TAKEN,
}


class Generation(StrEnum):
    """A set of the collections. Its value is the suffix of their names."""

    LIVE = ""
    """The set that everybody uses."""
    NEW = "_nieuw"
    """The set that a rebuild makes beside it."""
    FORMER = "_vorige"
    """The set that the last rebuild replaced."""

    def name_of(self, collection: Collection) -> str:
        """Return the name of a collection in this set."""
        return f"{collection}{self}"


def remembered_seconds(settings: Settings) -> int:
    """Return how long `vervallen` keeps a document: longer than the topics keep events that could bring it back."""
    return (settings.output_retention_days + SLACK_DAYS) * DAY_SECONDS


async def prepare(
    database: AsyncDatabase[Document], remember_seconds: int, generation: Generation = Generation.LIVE
) -> None:
    """Create what is missing and update what differs. Several instances may do so at once."""
    for collection in Collection:
        await _create(database, generation.name_of(collection), VALIDATORS[collection])
    for collection, indexes in INDEXES.items():
        await database[generation.name_of(collection)].create_indexes(list(indexes))
    await _expire(database, generation.name_of(Collection.VERVALLEN), remember_seconds)
    await _create(database, CLAIMS)
    # Sparse: the claims of an earlier build, which may still run beside this one, have no such list.
    await database[CLAIMS].create_index(CLAIMED, name=CLAIMED, unique=True, sparse=True)


async def count_open_taken(database: AsyncDatabase[Document]) -> int:
    """Return the number of open taken, confidential ones included. Their indexes hold no others."""
    return sum(
        [await database[each].count_documents(OPEN, hint=OPEN_INDEX) for each in places_of(Collection.INTERNE_TAKEN)]
    )


async def _create(database: AsyncDatabase[Document], name: str, validator: Document | None = None) -> None:
    command: Document = {"create": name, **({} if validator is None else {"validator": validator})}
    try:
        await database.command(command)
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        if validator is not None:
            await _mend_validator(database, name, validator)


async def _mend_validator(database: AsyncDatabase[Document], name: str, validator: Document) -> None:
    cursor = await database.list_collections(filter={"name": name})
    there = (await cursor.to_list())[0]["options"]
    # collMod locks the collection, so a start that changes nothing must not call it.
    if there.get("validator") != validator:
        await database.command("collMod", name, validator=validator)


async def _expire(database: AsyncDatabase[Document], vervallen: str, remember_seconds: int) -> None:
    there = (await database[vervallen].index_information()).get(TTL_INDEX)
    if there is None:
        await database[vervallen].create_index(SINCE, name=TTL_INDEX, expireAfterSeconds=remember_seconds)
    elif there["expireAfterSeconds"] != remember_seconds:
        index = {"name": TTL_INDEX, "expireAfterSeconds": remember_seconds}
        await database.command("collMod", vervallen, index=index)
