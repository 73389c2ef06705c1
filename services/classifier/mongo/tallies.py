"""How many decisions there were by day, source and rule, counted in the transaction of the decisions themselves.

A publisher makes up its source, so only the sources that the policy names have a count of their own whatever happens.
Of others a hundred a day have one, and the rest are counted as one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from schemas.outputs import PartijRegel, Regel
from services.domain.besluit import NOWHERE, BesluitRecord
from services.domain.changed import regels
from services.domain.outcome import Decided, Outcome, Rejudged
from services.domain.policy import Beleid
from services.runtime.mongo.client import Document

TELLINGEN: Final = "tellingen"
"""Each partition of the input has documents of its own, so that instances do not wait for each other. Those documents
have an object as their `_id`; a text is the `_id` of the other sources of a day."""

OTHERS_A_DAY: Final = 100
"""More than a municipality has publishers. Each costs a document for each partition and day."""

REST: Final = "overige bronnen"
"""Of the sources beyond those. A source is a URI, which has no space."""

Counted = tuple[datetime, str, str, int, Regel | PartijRegel]
"""The moment, source, topic, partition and rule of a decision about an onderwerp, or about a change."""


class Tallies:
    """Counts the decisions of batches."""

    def __init__(self, database: AsyncDatabase[Document], beleid: Beleid) -> None:
        self._tellingen = database[TELLINGEN]
        self._named = beleid.named_sources
        self._others: dict[str, set[str]] = {}
        """For the last days the other sources with a count of their own, as far as this instance met them."""
        self._full: set[str] = set()
        """The days on which there can be no more of them."""

    async def count(self, outcomes: Sequence[Outcome], session: AsyncClientSession) -> None:
        """Add what a batch decided, in the transaction of the session."""
        counted = _counted([each.besluit for each in outcomes if isinstance(each, (Decided, Rejudged))])
        for day, source in {(_day(moment), source) for moment, source, *_ in counted}:
            if source not in self._named:
                await self._admit(day, source)
        updates = list(self._updates(counted))
        if updates:
            await self._tellingen.bulk_write(updates, ordered=False, session=session)

    async def _admit(self, day: str, source: str) -> None:
        """Give a source a count of its own on this day if there is room. Without the session, so that all see it."""
        if day not in self._others:
            for past in sorted(self._others)[:-1]:
                del self._others[past]
                self._full.discard(past)
        others = self._others.setdefault(day, set())
        while source not in others and day not in self._full:
            has_room = {"$or": [{"bronnen": source}, {f"bronnen.{OTHERS_A_DAY - 1}": {"$exists": False}}]}
            try:
                await self._tellingen.update_one(
                    {"_id": others_id(day), **has_room}, {"$addToSet": {"bronnen": source}}, upsert=True
                )
            except DuplicateKeyError:
                # The document has no room. Or another instance made it just now, and there may be some.
                found = await self._tellingen.find_one({"_id": others_id(day)}) or {"bronnen": []}
                others.update(found["bronnen"])
                if len(others) >= OTHERS_A_DAY:
                    self._full.add(day)
            else:
                others.add(source)

    def _updates(self, counted: Mapping[Counted, int]) -> Iterator[UpdateOne]:
        """Yield the changes of the counts. A day is one of UTC; a new judgement counts on its own day."""
        changes: defaultdict[tuple[str, str, str, int], Counter[str]] = defaultdict(Counter)
        for (moment, source, topic, partition, regel), number in counted.items():
            day = _day(moment)
            counts_alone = source in self._named or source in self._others.get(day, ())
            changes[day, source if counts_alone else REST, topic, partition][regel.value] += number
        for (day, source, topic, partition), by_rule in changes.items():
            counter = {"dag": day, "source": source, "topic": topic, "partition": partition}
            yield UpdateOne({"_id": counter}, {"$inc": by_rule}, upsert=True)


def _counted(judged: Iterable[BesluitRecord]) -> Counter[Counted]:
    """Return how many onderwerpen there are of each kind: few kinds, since a batch has one moment and few sources."""
    return Counter(
        (besluit.besloten_op, besluit.source, here.topic, here.partition, regel)
        for besluit in judged
        for here in [besluit.position or NOWHERE]
        for regel in regels(besluit)
    )


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def others_id(day: str) -> str:
    """Return the `_id` of the other sources of a day."""
    return f"overige bronnen van {day}"
