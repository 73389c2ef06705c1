"""How often each thing has to be done before the report may rest on it, and how often it was done."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from tests.chaos.faults import KINDS
from tests.chaos.world import SERVICES

KILLS_OF_SERVICE: Final = 100
KILLS_OF_SERVER: Final = 50
OF_FAULT: Final = 20

SERVERS: Final = ("kafka", "mongod")

OF_SERVERS: Final[Mapping[str, int]] = {f"{each} killed": KILLS_OF_SERVER for each in SERVERS}
OF_SERVICES: Final[Mapping[str, int]] = {f"{each} killed": KILLS_OF_SERVICE for each in SERVICES}
OF_NETWORK: Final[Mapping[str, int]] = {fault.name: OF_FAULT for lane in KINDS["network"].lanes for fault in lane}
OF_MACHINE: Final[Mapping[str, int]] = dict.fromkeys(("disk", "clock", "memory"), OF_FAULT)

ASKED: Final[Mapping[str, int]] = {**OF_SERVICES, **OF_SERVERS, **OF_NETWORK, **OF_MACHINE}
"""All that `make chaos` has to reach. A kill is one of a process: a fault may kill several."""


def counted(kills: Mapping[str, int], faults: Iterable[tuple[str, str, int]]) -> Counter[str]:
    """Return how often each thing was done.

    `kills`: of each process, by its name. `faults`: of each its kind, its name, and how often it was injected.
    """
    counts = Counter[str]()
    for process, times in kills.items():
        counts[f"{process.rpartition('-')[0]} killed"] += times
    for kind, name, times in faults:
        what = kind if kind in OF_MACHINE else name
        if what in OF_MACHINE or what in OF_NETWORK:
            counts[what] += times
    return counts


def still_lacking(asked: Mapping[str, int], reached: Mapping[str, int]) -> dict[str, int]:
    """Return what is still to be done, and how often."""
    return {what: times - reached.get(what, 0) for what, times in asked.items() if reached.get(what, 0) < times}
