"""Makes a failing plan as small as it can be while it fails in the same way."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from tests.simulate.plan import Plan
from tests.simulate.simulation import simulate

T = TypeVar("T")

MOST_RUNS: Final = 400
"""A run takes a twentieth of a second."""


def shrunk(plan: Plan) -> Plan:
    """Return a smaller plan that leads to one of the same violations."""
    wanted = set(simulate(plan).world.violations)
    for candidate in islice(_smaller(plan), MOST_RUNS):
        if wanted & set(simulate(candidate).world.violations):
            return shrunk(candidate)
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield plans with something left out, much of it first."""
    yield from (plan._replace(asked=fewer) for fewer in _parts(plan.asked))
    yield from (plan._replace(faults=fewer) for fewer in _parts(plan.faults))
    yield from (plan._replace(sent=fewer) for fewer in _parts(plan.sent))
    if plan.classifiers > 1:
        yield plan._replace(classifiers=plan.classifiers - 1)
    if plan.projectors > 1:
        yield plan._replace(projectors=plan.projectors - 1)


def _parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    size = len(whole)
    while size:
        for begin in range(0, len(whole), size):
            yield [*whole[:begin], *whole[begin + size :]]
        size //= 2
