"""The faults by kind. A new kind is one more file, and one more name here."""

from collections.abc import Mapping
from typing import Final

from tests.chaos.faults import clock, disk, kafka, memory, mongo, network, processes
from tests.chaos.plan import Kind

KINDS: Final[Mapping[str, Kind]] = {
    each.KIND.name: each.KIND for each in (processes, kafka, mongo, network, disk, clock, memory)
}
