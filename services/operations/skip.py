"""`skip`: an operator has a service pass over the record at which its partition stopped.

The instruction stands in the stop's own document. So it can't outlive the stop, and the service that owns the partition
carries it out with its next look, or at its next start.
"""

from typing import Final

from services.operations.lock import operator_name
from services.operations.mongo import read_database
from services.runtime.errors import KlantcontactError
from services.runtime.settings import Settings
from services.runtime.stops.stop import Skip, StoredStop
from services.runtime.stops.store import STOPS, stored_stop

MAX_REASON_CHARACTERS: Final = 200


class InvalidReason(KlantcontactError):
    """The reason of an operator is empty or too long."""


class NotStopped(KlantcontactError):
    """No partition has stopped at that record. The message names where partitions have."""


async def skip(settings: Settings, *, topic: str, partition: int, offset: int, reason: str) -> StoredStop:
    """Record that the record at which a partition stopped is to be skipped, and return that stop.

    Raises InvalidReason, NotStopped, and as `translate_mongo_errors` does.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON_CHARACTERS:
        raise InvalidReason(f"a reason has 1 to {MAX_REASON_CHARACTERS} characters")
    asked = Skip(operator_name(), reason)
    async with read_database(settings) as database:
        stops = database[STOPS]
        stopped = await stops.find_one_and_update(
            {"topic": topic, "partition": partition, "offset": offset},
            {"$set": {"skip": {"by": asked.by, "reason": asked.reason}}},
        )
        if stopped is None:
            there = [stored_stop(each) async for each in stops.find().sort("_id")]
            raise NotStopped(_refusal(topic, partition, offset, there))
    return stored_stop({**stopped, "skip": {"by": asked.by, "reason": asked.reason}})


def _refusal(topic: str, partition: int, offset: int, there: list[StoredStop]) -> str:
    asked = f"No service has stopped at {topic}, partition {partition}, offset {offset}. Nothing was done."
    if not there:
        return f"{asked} No partition has stopped."
    places = "; ".join(
        f"{each.stop.topic}, partition {each.stop.partition}, offset {each.stop.offset}" for each in there
    )
    return f"{asked} These have stopped: {places}."
