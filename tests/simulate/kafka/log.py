"""A partition of the simulated Kafka: records, and the markers that end transactions in it."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from schemas.cloudevents import Headers


class End(Enum):
    """The state of a record."""

    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()
    MARKER = auto()
    """No record: a marker takes an offset too."""


TransactionId = tuple[int, int]
"""A producer id, and the number of its transaction."""


class Data(NamedTuple):
    """A record as its producer sends it."""

    key: bytes | None
    value: bytes | None
    headers: Headers


MARKER: Final = Data(None, None, ())


class Entry:
    """A record in its place."""

    __slots__ = ("data", "end", "offset", "seconds", "transaction")

    def __init__(self, offset: int, data: Data, end: End, seconds: float, transaction: TransactionId | None) -> None:
        self.offset = offset
        self.data = data
        self.end = end
        self.seconds = seconds
        """When it was written."""
        self.transaction = transaction


class Log:
    """One partition."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._open: dict[int, list[Entry]] = {}
        """By producer id."""

    @property
    def end(self) -> int:
        """The offset of the next record."""
        return len(self.entries)

    @property
    def stable_end(self) -> int:
        """The offset up to which a reader of committed records comes."""
        return min((each[0].offset for each in self._open.values()), default=self.end)

    @property
    def last_committed(self) -> int:
        """The offset behind the last record that a reader of committed records gets."""
        return next((each.offset + 1 for each in reversed(self.entries) if each.end is End.COMMITTED), 0)

    def append(self, data: Data, seconds: float, transaction: TransactionId | None = None) -> int:
        """Write a record, perhaps as a part of a transaction. Return its offset."""
        entry = Entry(self.end, data, End.COMMITTED if transaction is None else End.OPEN, seconds, transaction)
        self.entries.append(entry)
        if transaction is not None:
            self._open.setdefault(transaction[0], []).append(entry)
        return entry.offset

    def mark(self, producer_id: int, *, commit: bool, seconds: float) -> None:
        """End everything that is open of a producer."""
        for entry in self._open.pop(producer_id, ()):
            entry.end = End.COMMITTED if commit else End.ABORTED
        self.entries.append(Entry(self.end, MARKER, End.MARKER, seconds, None))

    def committed(self, first: int = 0) -> Iterator[Entry]:
        """Yield what a reader of committed records gets."""
        for entry in self.entries[first : self.stable_end]:
            if entry.end is End.COMMITTED:
                yield entry


GroupPlace = tuple[str, str, int]
"""A group, and a partition of a topic."""


class Offsets:
    """The partition that holds the offsets of groups."""

    def __init__(self) -> None:
        self.committed: dict[GroupPlace, int] = {}
        self.ended: dict[TransactionId, bool] = {}
        """Whether the offsets of a transaction were committed."""
        self._pending: dict[int, dict[TransactionId, dict[GroupPlace, int]]] = {}

    def add(self, transaction: TransactionId, place: GroupPlace, offset: int) -> None:
        """Commit an offset in a transaction."""
        self._pending.setdefault(transaction[0], {}).setdefault(transaction, {})[place] = offset

    def is_stable(self, place: GroupPlace) -> bool:
        """Whether no transaction can change an offset any more."""
        return not any(place in each for of_one in self._pending.values() for each in of_one.values())

    def mark(self, producer_id: int, *, commit: bool) -> None:
        """End what is pending of a producer."""
        for transaction, offsets in self._pending.pop(producer_id, {}).items():
            self.ended[transaction] = commit
            if commit:
                self.committed.update(offsets)
