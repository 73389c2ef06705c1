"""`audit verify`: whether the trail is whole. It finds what was removed, changed, inserted, moved or cut off.

It reads `audit_head` first and then the topic, which may grow meanwhile. What stands in the topic after the record that
MongoDB knows is no fault: its command was killed before it showed or changed anything, or is at work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from services.operations.audit.chain import FIRST, Entry, Link, UnreadableEntry, entry_in
from services.operations.audit.head import COLLECTION, AuditHead
from services.operations.mongo import read_register
from services.operations.topic_reader import Progress, Records, topic_reader, unseen
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

MAX_FAULTS: Final = 100
"""Faults that are named. One change in the middle makes two at most, so more say little."""

SLACK: Final = timedelta(days=2)
"""Kafka's clock and ours differ, and it removes whole segments."""


class ChainFault(StrEnum):
    """What is wrong with a record, or with the trail."""

    CHANGED = "changed"
    """The next record holds another hash of it."""
    GAP = "gap"
    """Records before it are missing."""
    DOUBLED = "doubled"
    """Its sequence number is taken."""
    OUT_OF_ORDER = "out_of_order"
    """It stands after a later one."""
    UNREADABLE = "unreadable"
    """It is no record of the trail."""
    BEGINNING_GONE = "beginning_gone"
    """The records before it are missing, and had not come to the end of their retention."""
    CUT_OFF = "cut_off"
    """MongoDB knows a later record than the last one in the topic."""
    HEAD_DIFFERS = "head_differs"
    """MongoDB knows it with another hash: it was changed, or `audit_head` was."""
    HEAD_GONE = "head_gone"
    """The trail has records, and `audit_head` does not exist."""


MEANINGS: Final = {
    ChainFault.CHANGED: "the next record holds another hash of it",
    ChainFault.GAP: "records before it are missing",
    ChainFault.DOUBLED: "its sequence number stands there twice",
    ChainFault.OUT_OF_ORDER: "it stands after a later record",
    ChainFault.UNREADABLE: "it is no record of the trail",
    ChainFault.BEGINNING_GONE: "records before it are missing, though their retention has not ended",
    ChainFault.CUT_OFF: "MongoDB knows this record, and the topic has no record of this number or a later one",
    ChainFault.HEAD_DIFFERS: "MongoDB knows it with another hash",
    ChainFault.HEAD_GONE: f"MongoDB has no {COLLECTION}, so an end that was cut off would not show",
}


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """One fault. `offset` and `sequence` say of which record, as far as it has them."""

    fault: ChainFault
    offset: int | None
    sequence: int | None


@dataclass(slots=True)
class Verified:
    """What a look at the whole trail found."""

    records: int = 0
    first: Link | None = None
    newest: Link | None = None
    beyond_head: int = 0
    """Records after the one that MongoDB knows: no command went on after them."""
    faults: list[ChainFinding] = field(default_factory=list)
    more_faults: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


async def verify(settings: Settings, progress: Progress = unseen) -> Verified:
    """Read the whole trail, and return what is wrong with it. Raises InvalidSettings, TransientFailure."""
    async with read_register(settings) as database:
        with translate_mongo_errors(settings, right=f"read the collection {COLLECTION} of"):
            head = AuditHead(database, settings.audit_topic)
            exists, noted = await head.exists(), await head.newest()
    check = ChainCheck(noted, head_exists=exists, kept=timedelta(days=settings.audit_retention_days))
    async with topic_reader(settings) as reader:
        async for batch in reader.records(await reader.whole(settings.audit_topic), progress, oversized=True):
            check.take(batch)
    return check.end()


class ChainCheck:
    """Checks records in the order of the topic. It needs no server."""

    def __init__(self, noted: Link | None, *, head_exists: bool, kept: timedelta) -> None:
        self._noted = noted
        self._head_exists = head_exists
        self._kept = kept
        self._last: tuple[int, Link] | None = None
        self._found = Verified()

    def take(self, records: Records) -> None:
        """Check some records."""
        for each in records:
            self.take_value(each.offset, each.value)

    def take_value(self, offset: int, value: bytes | None) -> None:
        """Check one record."""
        try:
            entry = entry_in(value)
        except UnreadableEntry:
            self._add(ChainFault.UNREADABLE, offset, None)
            return
        self._found.records += 1
        link = entry.link
        for fault, of in self._faults(offset, entry, link):
            self._add(fault, *of)
        if self._last is None or link.sequence > self._last[1].sequence:
            self._last = offset, link

    def end(self) -> Verified:
        """Return what was found, now that all was read."""
        newest = self._last[1] if self._last else None
        self._found.newest = newest
        noted = self._noted
        if noted is not None and (newest is None or newest.sequence < noted.sequence):
            self._add(ChainFault.CUT_OFF, None, noted.sequence)
        if newest is not None and not self._head_exists:
            self._add(ChainFault.HEAD_GONE, None, newest.sequence)
        if newest is not None and self._head_exists:
            self._found.beyond_head = max(0, newest.sequence - (noted.sequence if noted else 0))
        return self._found

    def _faults(self, offset: int, entry: Entry, link: Link) -> Iterator[tuple[ChainFault, tuple[int | None, int]]]:
        here = offset, link.sequence
        if self._noted and link.sequence == self._noted.sequence and link.hash != self._noted.hash:
            yield ChainFault.HEAD_DIFFERS, here
        if self._last is None:
            self._found.first = link
            if entry.sequence > FIRST and not self._had_expired(entry):
                yield ChainFault.BEGINNING_GONE, here
            return
        before_offset, before = self._last
        if link.sequence == before.sequence:
            yield ChainFault.DOUBLED, here
        elif link.sequence < before.sequence:
            yield ChainFault.OUT_OF_ORDER, here
        elif link.sequence > before.sequence + 1:
            yield ChainFault.GAP, here
        elif entry.previous is None or (entry.previous.hash, entry.previous.at) != (before.hash, before.at):
            yield ChainFault.CHANGED, (before_offset, before.sequence)

    def _had_expired(self, entry: Entry) -> bool:
        """Whether Kafka may have removed the record before this one at the end of its retention."""
        before = entry.previous
        try:
            made = datetime.fromisoformat(before.at) if before else None
        except ValueError:
            return False
        return made is not None and made.tzinfo is not None and made < datetime.now(UTC) - self._kept + SLACK

    def _add(self, fault: ChainFault, offset: int | None, sequence: int | None) -> None:
        if len(self._found.faults) < MAX_FAULTS:
            self._found.faults.append(ChainFinding(fault, offset, sequence))
        else:
            self._found.more_faults += 1


def finding_lines(findings: Sequence[ChainFinding]) -> Iterator[str]:
    """Yield a line for each fault."""
    for each in findings:
        name = f"record {each.sequence}" if each.sequence is not None else "a record"
        place = f" at offset {each.offset}" if each.offset is not None else ""
        yield f"{each.fault}: {name}{place}: {MEANINGS[each.fault]}"
