"""The figures of a run, and what several rounds say together: the median and the spread."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeVar

PROCESS: Final = "process"
"""The processes that are measured, together; beside them `kafka` and `mongod`."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run showed, between two moments of it."""

    name: str
    events: int
    seconds: float
    cpu_seconds: Mapping[str, float]
    """Of `process`, `kafka` and `mongod`. A server that is not ours is left out."""
    peak_mb: float
    """The most memory of one process, from its start on."""

    @property
    def events_per_second(self) -> float:
        """Events per second of wall time."""
        return self.events / self.seconds

    def cpu_us(self, name: str) -> float:
        """Microseconds of CPU an event. NaN where it was not measured."""
        return self.cpu_seconds.get(name, float("nan")) / self.events * 1e6

    @property
    def process_us(self) -> float:
        """Of the measured processes."""
        return self.cpu_us(PROCESS)

    @property
    def kafka_us(self) -> float:
        """Of Kafka."""
        return self.cpu_us("kafka")

    @property
    def mongod_us(self) -> float:
        """Of MongoDB."""
        return self.cpu_us("mongod")

    @property
    def system_us(self) -> float:
        """Of all three."""
        return self.process_us + self.kafka_us + self.mongod_us


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of one or more values."""
        return cls(median(values), min(values), max(values))


T = TypeVar("T")

Figure = Callable[[Run], float]


def of_runs(runs: Sequence[Run], figure: Figure) -> Spread:
    """Return one figure over rounds."""
    return Spread.of([figure(run) for run in runs])


def of_pairs(runs: Sequence[Run], beside: Sequence[Run], figure: Figure) -> Spread:
    """Return one figure as a share of the same figure of another run, round by round: a slow minute slows both."""
    return Spread.of([figure(run) / figure(other) for run, other in zip(runs, beside, strict=True)])


def in_turn(names: Sequence[T], rounds: int) -> Iterator[T]:
    """Yield each name once a round, in the other direction each time, so that no place in a round helps one of them."""
    for number in range(rounds):
        yield from names if number % 2 == 0 else reversed(names)
