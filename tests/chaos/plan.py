"""What is done to the system, drawn from a seed: for each kind of fault one lane or more, in which one follows another.

The same seed gives the same faults in the same order, with the same targets and lengths. When exactly they strike
depends on how long the ones before took.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.chaos.world import World

Inject = Callable[[World, str, float], None]
"""Does a fault to a target for so many seconds, and ends it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to hurt the system."""

    name: str
    targets: Sequence[str]
    seconds: tuple[float, float]
    inject: Inject
    weight: int = 1
    """How often it comes in each round of its lane."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Faults that are alike."""

    name: str
    pause: tuple[float, float]
    """Seconds between two of them."""
    lanes: Sequence[Sequence[Fault]]
    """Those of a lane come one after another; the lanes run at once."""
    settled: Callable[[World], bool] = lambda _: True
    """Whether the servers are as before; after `SETTLE_SECONDS` the next one comes anyway."""
    missing: Callable[[], str | None] = lambda: None
    """What this machine lacks for it."""


SETTLE_SECONDS: Final = 15.0

PATIENT: Final = 0.75
"""The share of faults that wait for the recovery from the one before in their lane. The others hit it in the middle."""


@dataclass(frozen=True)
class Planned:
    """One fault of a schedule."""

    number: int
    fault: Fault
    target: str
    pause: float
    seconds: float
    patient: bool
    """Whether it waits until the system has recovered from the one before."""


def drawn(seed: int, kind: Kind, lane: int) -> Iterator[Planned]:
    """Yield the faults of a lane without end: round after round all of them, shuffled."""
    draw = random.Random(f"{seed} {kind.name} {lane}")
    number = 0
    while True:
        deck = [fault for fault in kind.lanes[lane] for _ in range(fault.weight)]
        draw.shuffle(deck)
        for fault in deck:
            number += 1
            target, pause, seconds = (
                draw.choice(fault.targets),
                draw.uniform(*kind.pause),
                draw.uniform(*fault.seconds),
            )
            yield Planned(number, fault, target, pause, seconds, patient=draw.random() < PATIENT)


def chosen(kinds: Mapping[str, Kind], names: Sequence[str]) -> tuple[list[Kind], dict[str, str]]:
    """Return the kinds with these names that this machine can do, and for each other what it lacks."""
    lacking = {name: reason for name in names if (reason := kinds[name].missing()) is not None}
    return [kinds[name] for name in names if name not in lacking], lacking
