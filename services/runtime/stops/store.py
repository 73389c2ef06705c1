"""The stops in MongoDB: one document for each partition that has stopped, with the operator's instruction in it.

A record that was skipped has a document of its own, with its position and without its content.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import Any, Final

import structlog
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import mongo_is_away
from services.runtime.stops.stop import Meeting, Skip, Stop, StoredStop

log = structlog.get_logger()

STOPS: Final = "stopped_partitions"
SKIPPED: Final = "skipped_records"

MOST_STARTS: Final = 3
"""The start that meets the same offset for this time skips it. A bug that a restart does not mend is met at each."""

ITSELF: Final = "klantcontact"
"""Stands for the operator where a service skips by itself."""


class MongoStops:
    """A `StopStore` for one process."""

    def __init__(self, database: AsyncDatabase[Document], clock: Callable[[], float] = time.monotonic) -> None:
        self._stops = database[STOPS]
        self._skipped = database[SKIPPED]
        self._clock = clock
        self._started = clock()

    async def meet(self, stop: Stop, *, begins: bool) -> Meeting:
        """Record that this process met a stop, as `StopStore` promises."""
        try:
            met = await self._met(stop, begins=begins)
            if met is None:
                return Meeting.PASS
            stored = stored_stop(met)
            if stored.skip is None and stored.starts < MOST_STARTS:
                return Meeting.STOP
            await self._skip(stored)
        except PyMongoError as error:
            raise mongo_is_away(error) from None
        return Meeting.SKIP

    async def known(self) -> Sequence[StoredStop]:
        """Return all stops."""
        try:
            return [stored_stop(each) async for each in self._stops.find()]
        except PyMongoError as error:
            raise mongo_is_away(error) from None

    async def forget(self, stop: Stop) -> None:
        """Remove a stop that the group has passed."""
        try:
            await self._stops.delete_one({"_id": stop_id(stop), "offset": stop.offset})
        except PyMongoError as error:
            raise mongo_is_away(error) from None

    async def _met(self, stop: Stop, *, begins: bool) -> Document | None:
        here = {"_id": stop_id(stop), **({} if begins else {"offset": stop.offset})}
        update = _meeting(stop, age_milliseconds=ceil((self._clock() - self._started) * 1000))
        for _ in range(2):
            try:
                return await self._stops.find_one_and_update(
                    here, update, upsert=begins, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                continue  # another instance has just inserted it
        return None

    async def _skip(self, stored: StoredStop) -> None:
        stop = stored.stop
        by = stored.skip or Skip(ITSELF, f"{stored.starts} starts met it")
        entry = {
            "topic": stop.topic,
            "partition": stop.partition,
            "offset": stop.offset,
            "kind": "interne_fout",
            "reasons": list(stop.reasons),
            "starts": stored.starts,
            "by": by.by,
            "reason": by.reason,
        }
        await self._skipped.update_one(
            {"_id": skipped_id(stop.topic, stop.partition, stop.offset)},
            [{"$set": {**{name: {"$literal": value} for name, value in entry.items()}, "at": "$$NOW"}}],
            upsert=True,
        )
        log.warning("record.skipped", **entry)


def _meeting(stop: Stop, *, age_milliseconds: int) -> list[dict[str, Any]]:
    """Return the update for a meeting. A start counts when it came after the last meeting: a rebalance is no start."""
    same = {"$eq": ["$offset", stop.offset]}
    started_since = {"$gt": [{"$subtract": ["$$NOW", age_milliseconds]}, "$met"]}
    counted = {"$add": ["$starts", {"$cond": [started_since, 1, 0]}]}
    return [
        {
            "$set": {
                "topic": {"$literal": stop.topic},
                "partition": stop.partition,
                "reasons": {"$literal": list(stop.reasons)},
                "starts": {"$cond": [same, counted, 1]},
                "since": {"$cond": [same, "$since", "$$NOW"]},
                "skip": {"$cond": [same, {"$ifNull": ["$skip", None]}, None]},
                "met": "$$NOW",
                "offset": stop.offset,
            }
        }
    ]


def stop_id(stop: Stop) -> str:
    """Return the `_id` of a partition's stop."""
    return f"{stop.topic}/{stop.partition}"


def skipped_id(topic: str, partition: int, offset: int) -> str:
    """Return the `_id` of a record that was skipped."""
    return f"{topic}/{partition}/{offset}"


def stored_stop(document: Document) -> StoredStop:
    """Return a stop as it is stored."""
    skip = document.get("skip")
    return StoredStop(
        Stop(document["topic"], document["partition"], document["offset"], document["reasons"]),
        since=document["since"],
        starts=document["starts"],
        skip=None if skip is None else Skip(skip["by"], skip["reason"]),
    )


def positions_of(documents: Iterable[Document]) -> frozenset[tuple[str, int, int]]:
    """Return topic, partition and offset of records that were skipped."""
    return frozenset((each["topic"], each["partition"], each["offset"]) for each in documents)
