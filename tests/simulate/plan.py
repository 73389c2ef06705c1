"""A plan: all that chance decides beforehand of one world. A seed makes one, and shrinking makes smaller ones of it."""

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.simulate.faults import Fault, FaultKind
from tests.simulate.inputs import Sent, sent_by_publishers
from tests.simulate.operators import Asked, Command

MOST_FAULTS: Final = 10
REQUESTS: Final = 300
"""As many as a usual world has while there is something to do; faults come among them."""

KINDS: Final = (
    *[FaultKind.CRASH_BEFORE, FaultKind.CRASH_AFTER] * 2,
    *FaultKind,
)
"""The kinds of faults; some come more often."""


class Plan(NamedTuple):
    """What happens in one world."""

    seed: int
    """Of what is decided on the way: how long requests take."""
    classifiers: int
    projectors: int
    sent: Sequence[Sent]
    faults: Sequence[Fault]
    asked: Sequence[Asked]


def plan_of(seed: int) -> Plan:
    """Return the plan that a seed makes."""
    chance = random.Random(seed)
    classifiers, projectors = chance.choice([1, 2, 2, 3]), chance.choice([1, 2])
    sent = sent_by_publishers(chance, chance.randint(6, 16))
    faults = [Fault(chance.randrange(REQUESTS), chance.choice(KINDS)) for _ in range(chance.randint(0, MOST_FAULTS))]
    asked = [
        Asked(chance.uniform(0.5, 8), chance.choice(list(Command)), chance.random())
        for _ in range(chance.choice([0, 0, 1, 2, 3]))
    ]
    return Plan(seed, classifiers, projectors, sent, sorted(faults), sorted(asked))
