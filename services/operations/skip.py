"""`skip`: an operator has a service pass over the record at which its partition stopped.

The instruction stands in the stop's own document. So it can't outlive the stop, and the service that owns the partition
carries it out with its next look, or at its next start.
"""

from typing import Final

from services.operations.audit.trail import Note, unnoted
from services.operations.lock import operator_name
from services.operations.mongo import Database, Databases, read_databases
from services.runtime.errors import KlantcontactError, WrongUse
from services.runtime.settings import Settings
from services.runtime.stops.stop import Skip, StoredStop
from services.runtime.stops.store import STOPS, stored_stop

MAX_REASON_CHARACTERS: Final = 200


class InvalidReason(WrongUse):
    """The reason of an operator is empty or too long."""


class NotStopped(KlantcontactError):
    """No partition has stopped at that record. The message names where partitions have."""


async def skip(
    settings: Settings, *, topic: str, partition: int, offset: int, reason: str, note: Note = unnoted
) -> StoredStop:
    """Ask that the record at which a partition stopped is skipped, which `note` records first, and return that stop.

    Raises InvalidReason, NotStopped, and as `translate_mongo_errors` does.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON_CHARACTERS:
        raise InvalidReason(f"a reason has 1 to {MAX_REASON_CHARACTERS} characters")
    asked = Skip(operator_name(), reason)
    async with read_databases(settings) as databases:
        await note({"records": 1}, [f"{topic}:{partition}:{offset}"])
        its_service = databases.projection if topic in settings.output_topics else databases.register
        stopped = await its_service[STOPS].find_one_and_update(
            {"topic": topic, "partition": partition, "offset": offset},
            {"$set": {"skip": {"by": asked.by, "reason": asked.reason}}},
        )
        if stopped is None:
            raise NotStopped(_refusal(topic, partition, offset, await all_stops(databases)))
    return stored_stop({**stopped, "skip": {"by": asked.by, "reason": asked.reason}})


async def all_stops(databases: Databases) -> list[StoredStop]:
    """Return the stops of both services. Each keeps its own in the database in which it works."""
    found: dict[str, Database] = {each.name: each for each in databases}
    return [stored_stop(each) for database in found.values() async for each in database[STOPS].find().sort("_id")]


def _refusal(topic: str, partition: int, offset: int, there: list[StoredStop]) -> str:
    asked = f"No service has stopped at {topic}, partition {partition}, offset {offset}. Nothing was done."
    if not there:
        return f"{asked} No partition has stopped."
    places = "; ".join(
        f"{each.stop.topic}, partition {each.stop.partition}, offset {each.stop.offset}" for each in there
    )
    return f"{asked} These have stopped: {places}."
