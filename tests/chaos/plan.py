"""What is done to the system, drawn from a seed: for each kind of fault a lane, in which one follows the other.

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
    """Faults that come one after another."""

    name: str
    pause: tuple[float, float]
    """Seconds between two of them."""
    faults: Sequence[Fault]
    settled: Callable[[World], bool] = lambda _: True
    """Whether the next one may come; after `SETTLE_SECONDS` it comes anyway."""
    missing: Callable[[], str | None] = lambda: None
    """What this machine lacks for it."""


SETTLE_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Planned:
    """One fault of a schedule."""

    number: int
    fault: Fault
    target: str
    pause: float
    seconds: float


def lane(seed: int, kind: Kind) -> Iterator[Planned]:
    """Yield the faults of a kind without end: round after round all of them, shuffled."""
    draw = random.Random(f"{seed} {kind.name}")
    number = 0
    while True:
        deck = [fault for fault in kind.faults for _ in range(fault.weight)]
        draw.shuffle(deck)
        for fault in deck:
            number += 1
            target, pause = draw.choice(fault.targets), draw.uniform(*kind.pause)
            yield Planned(number, fault, target, pause, draw.uniform(*fault.seconds))


def chosen(kinds: Mapping[str, Kind], names: Sequence[str]) -> tuple[list[Kind], dict[str, str]]:
    """Return the kinds with these names that this machine can do, and for each other what it lacks."""
    lacking = {name: reason for name in names if (reason := kinds[name].missing()) is not None}
    return [kinds[name] for name in names if name not in lacking], lacking
