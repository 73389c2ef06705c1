"""Pressure on memory: a service may have no more than it has, and the kernel kills it when it wants more."""

import time
from typing import Final

from tests.chaos.machine import can_bound_memory
from tests.chaos.plan import Fault, Kind
from tests.chaos.world import SERVICES, World, instances_of


def missing() -> str | None:
    """Return why no process can be bounded here."""
    return None if can_bound_memory() else "there is no control group for memory that we may use"


def squeeze(world: World, target: str, seconds: float) -> None:
    """Let a service have no more memory than it has."""
    group = world.groups[target]
    group.bound()
    time.sleep(seconds)
    group.unbound()


KIND: Final = Kind(
    name="memory",
    pause=(0.5, 2.0),
    patience=5.0,
    lanes=[
        [
            Fault(name=f"{each} short of memory", targets=instances_of(each), seconds=(2.0, 5.0), inject=squeeze)
            for each in SERVICES
        ]
    ],
    missing=missing,
)
