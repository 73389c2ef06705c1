"""The answer of one place: how much it holds, and until when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

MAX_IDS: Final = 10_000
"""So many are named of one place; all are counted."""


class PlaceKind(StrEnum):
    """The kinds of places."""

    REGISTER = "register"
    """A collection of the classifier or of operators' commands."""
    PROJECTION = "projection"
    """A collection of the projector."""
    TOPIC = "topic"
    OPLOG = "oplog"
    BACKUPS = "backups"
    ELSEWHERE = "elsewhere"
    """A place that is not of this product."""


class StayTerm(StrEnum):
    """What ends the stay of what lies in a place."""

    OWN = "own"
    """The municipality's own term for what the collections hold, or an erasure."""
    REGISTER = "register"
    """It stays as long as the register, unless it is erased."""
    EXPIRY = "expiry"
    """MongoDB deletes it at a moment that each document has."""
    REBUILD = "rebuild"
    """Until a rebuild has ended, and `rebuild --drop-old`."""
    RETENTION = "retention"
    """Kafka's retention of the topic."""
    COMPACTION = "compaction"
    """A newer event of the same key replaces it in the topic. What is newest goes some time after the retention: Kafka
    removes whole segments, and the cleaner joins them. Nobody knows the day."""
    OPLOG = "oplog"
    """MongoDB overwrites it, after as many days as the oplog reaches back now."""
    DECLARED = "declared"
    """A term that the municipality declares in the settings."""
    UNDECLARED = "undeclared"
    """Nobody declared a term."""
    UNKNOWN = "unknown"
    """The place did not tell: this user has no right to ask it, or the settings do not name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFound:
    """What one place holds about a subject."""

    name: str
    kind: PlaceKind
    found: int | None
    """How many documents or records; None: the place can't be searched."""
    with_contents: int = 0
    """Those that hold more than ids, numbers and moments."""
    ids: tuple[str, ...] = ()
    """The first of them: the ids of documents, the positions of records."""
    until: datetime | None = None
    """When the last of it is gone at the latest. None: of some of it no moment is known, or there is nothing."""
    contents_until: datetime | None = None
    """The same of what holds more than ids, numbers and moments."""
    term: StayTerm
    days: float | None = None
    """The length of the term, where it has one."""
    settings: tuple[str, ...] = ()
    """The settings that the term follows from, as an operator knows them."""
    unreadable: int = 0
    """Records that are no event: they were searched for ids and numbers, and nothing else tells whom they are about."""


NO_END: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Tally:
    """Counts what one place holds while it is read."""

    found: int = 0
    with_contents: int = 0
    unreadable: int = 0
    ids: list[str] = field(default_factory=list)
    _until: datetime | None = None
    _contents_until: datetime | None = None

    def add(self, identifier: str, *, contents: bool, until: datetime | None = None) -> None:
        """Count one document or record. `until`: None where nobody knows when it is gone."""
        self.found += 1
        self.with_contents += contents
        if len(self.ids) < MAX_IDS:
            self.ids.append(identifier)
        end = until or NO_END
        self._until = max(self._until or end, end)
        if contents:
            self._contents_until = max(self._contents_until or end, end)

    def place(
        self,
        name: str,
        kind: PlaceKind,
        term: StayTerm,
        *,
        days: float | None = None,
        settings: tuple[str, ...] = (),
    ) -> PlaceFound:
        """Return the answer."""
        return PlaceFound(
            name=name,
            kind=kind,
            found=self.found,
            with_contents=self.with_contents,
            ids=tuple(self.ids),
            until=_known(self._until),
            contents_until=_known(self._contents_until),
            term=term,
            days=days,
            settings=settings,
            unreadable=self.unreadable,
        )


def _known(end: datetime | None) -> datetime | None:
    return None if end == NO_END else end


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundItem:
    """One document or record, for who may see it."""

    place: str
    kind: PlaceKind
    id: str
    content: Mapping[str, Any] = field(repr=False)
    """A document of MongoDB, or the event of a record; empty where it can't be read."""
    written_at: datetime | None = None
    """Of a record."""
    until: datetime | None = None
    contact_key: str | None = None
    """Of a record: that of its contact, where it is known."""
    confidential: bool | None = False
    """Of a record: whether it says that its contact is confidential; None where nothing can be read."""


Visitor = Callable[[FoundItem], None]
"""Sees each item as it is found."""


def unvisited(_item: FoundItem) -> None:
    """See nothing."""


def days_after(moment: datetime, days: float) -> datetime:
    """Return a moment some days later; the last one that can be written where that is too far."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return NO_END
