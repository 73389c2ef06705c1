"""The number of decisions by rule, source, day and topic: the classifier's own counters, and nothing of contents."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from bson import MaxKey

from services.classifier.mongo.tallies import TELLINGEN
from services.operations.mongo import read_register
from services.runtime.settings import Settings

UNKNOWN: Final = "-"


class By(StrEnum):
    """A property by which decisions are counted."""

    RULE = "rule"
    SOURCE = "source"
    DAY = "day"
    TOPIC = "topic"
    """That of the publisher."""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of decisions with these values, which stand in the order of `Stats.by`."""

    values: tuple[str, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The counts, in order of their values, and their sum."""

    by: tuple[By, ...]
    counts: tuple[Count, ...]
    total: int


async def stats(
    settings: Settings, *, by: Sequence[By] = (By.RULE,), since: date | None = None, until: date | None = None
) -> Stats:
    """Count the decisions about onderwerpen. A correction or a new judgement counts as a decision, a repeat does not.

    `since` and `until` are days in UTC, both included. Raises as `read_register` does.
    """
    counted: Counter[tuple[str, ...]] = Counter()
    async with read_register(settings) as database:
        async for document in database[TELLINGEN].find(_period(since, until)):
            counter = document["_id"]
            # Counters of an earlier release have no topic.
            values = {By.SOURCE: counter["source"], By.DAY: counter["dag"], By.TOPIC: counter.get("topic") or UNKNOWN}
            for rule, number in document.items():
                if rule != "_id":
                    counted[tuple((values | {By.RULE: rule})[each] for each in by)] += number
    counts = tuple(Count(values, number) for values, number in sorted(counted.items()))
    return Stats(tuple(by), counts, counted.total())


def _period(since: date | None, until: date | None) -> dict[str, Any]:
    """Return the query that selects the counts of these days by the index of `_id`, in which the day comes first."""
    bounds: dict[str, Any] = {"$type": "object"}
    if since is not None:
        bounds["$gte"] = {"dag": since.isoformat()}
    if until is not None:
        bounds["$lte"] = {"dag": until.isoformat(), "source": MaxKey()}
    return {"_id": bounds}
