"""The transaction coordinator of the simulated Kafka, with the bug of KAFKA-20734.

It answers the end of a transaction before it writes the markers. A restart can make it forget markers that it has not
written yet, and record the end as complete. The next marker of the same producer id then ends what hangs.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import ConcurrentTransactions, InvalidProducerEpoch, InvalidTxnState

from services.runtime.exactly_once.kafka_20734 import POSITIONS
from tests.simulate.kafka.log import TransactionId
from tests.simulate.world import World

TIMEOUT_SECONDS: Final = 30.0
"""A transaction that takes longer is aborted, as `TRANSACTION_TIMEOUT_MS` asks."""

MARKER_SECONDS: Final = 0.004
"""From the answer to a marker, on average."""

LATE_SECONDS: Final = 6.0
"""The same where ends come late, at most."""

OFFSETS: Final = TopicPartition(POSITIONS, 0)

Mark = Callable[[TopicPartition, int, bool], None]
"""Writes a marker of a producer id into a partition."""


class Identity(NamedTuple):
    """A producer: its transactional id, with the producer id and epoch that the coordinator gave."""

    name: str
    producer_id: int
    epoch: int


class Transaction:
    """What the coordinator knows of one transactional id."""

    def __init__(self, producer_id: int) -> None:
        self.producer_id = producer_id
        self.epoch = -1
        self.state = "Empty"
        self.places: set[TopicPartition] = set()
        self.commit = False
        self.unmarked: set[TopicPartition] = set()
        self.number = 0


class Transactions:
    """All transactional ids."""

    def __init__(self, world: World, mark: Mark) -> None:
        self._world = world
        self._mark = mark
        self._by_name: dict[str, Transaction] = {}
        self._late = 0
        self.hanging: set[tuple[int, TopicPartition]] = set()
        """The producer ids and partitions of which a marker was forgotten."""

    def describe(self, name: str) -> Transaction | None:
        """Return what is known of a transactional id."""
        return self._by_name.get(name)

    def begin_late(self, number: int) -> None:
        """Write the markers of the next transactions late."""
        self._late += number

    def start(self, name: str) -> Identity:
        """Give a producer its id and the next epoch, which fences the one before."""
        known = self._by_name.setdefault(name, Transaction(len(self._by_name)))
        if known.state == "Ongoing":
            known.epoch += 1
            self._end(known, commit=False)
        if known.state.startswith("Prepare"):
            raise ConcurrentTransactions
        known.epoch += 1
        known.state, known.places = "Empty", set()
        return Identity(name, known.producer_id, known.epoch)

    def add(self, who: Identity, places: Iterable[TopicPartition]) -> None:
        """Add partitions to a transaction, which begins with the first."""
        known = self._known(who)
        if known.state.startswith("Prepare"):
            raise ConcurrentTransactions
        if known.state != "Ongoing":
            known.state, known.places = "Ongoing", set()
            known.number += 1
            number = known.number
            self._world.later(TIMEOUT_SECONDS, lambda: self._abort_late(known, number))
        known.places.update(places)

    def verify(self, who: Identity, place: TopicPartition) -> TransactionId:
        """Return the transaction in which a producer writes to a partition. Raise unless it may."""
        known = self._known(who)
        if known.state != "Ongoing" or place not in known.places:
            raise InvalidTxnState
        return known.producer_id, known.number

    def end(self, who: Identity, *, commit: bool) -> None:
        """Decide how a transaction ends. Its markers come later. The same request may come again."""
        known = self._known(who)
        if known.state == "Ongoing":
            self._end(known, commit=commit)
        elif known.state == "Empty" or known.commit is not commit:
            raise InvalidTxnState

    def forget_markers(self) -> None:
        """Forget some of the markers that are not written yet, as KAFKA-20734 does when a broker restarts."""
        for known in self._by_name.values():
            for place in sorted(known.unmarked):
                if self._world.chance.random() < 0.5:
                    known.unmarked.discard(place)
                    self.hanging.add((known.producer_id, place))
                    self._world.note(f"end forgotten: {place.topic}-{place.partition} of producer {known.producer_id}")
            self._complete(known)

    def _known(self, who: Identity) -> Transaction:
        known = self._by_name[who.name]
        if (known.producer_id, known.epoch) != who[1:]:
            raise InvalidProducerEpoch
        return known

    def _abort_late(self, known: Transaction, number: int) -> None:
        if known.state == "Ongoing" and known.number == number:
            known.epoch += 1
            self._end(known, commit=False)

    def _end(self, known: Transaction, *, commit: bool) -> None:
        known.state, known.commit = "PrepareCommit" if commit else "PrepareAbort", commit
        known.unmarked = set(known.places)
        seconds = MARKER_SECONDS
        if self._late:
            self._late -= 1
            seconds = self._world.chance.uniform(0.1, LATE_SECONDS)
        for place in sorted(known.places):
            self._write_later(known, place, self._world.chance.expovariate(1 / seconds))
        self._complete(known)

    def _write_later(self, known: Transaction, place: TopicPartition, seconds: float) -> None:
        number, commit = known.number, known.commit

        def write() -> None:
            if known.number == number and place in known.unmarked:
                known.unmarked.discard(place)
                self.hanging.discard((known.producer_id, place))
                self._mark(place, known.producer_id, commit)
                self._complete(known)

        self._world.later(seconds, write)

    @staticmethod
    def _complete(known: Transaction) -> None:
        if known.state.startswith("Prepare") and not known.unmarked:
            known.state = known.state.replace("Prepare", "Complete")
