"""The clock of a service jumps: libfaketime gives each process the clock that a file of its own says.

Not that of a server. With libfaketime a timed wait ends late or at once: Java does not come through its own start, and
a mongod takes half a core while it does nothing.
"""

import time
from functools import partial
from typing import Final

from tests.chaos.machine import FAKETIME, RIGHT, clock_of
from tests.chaos.plan import Fault, Kind
from tests.chaos.world import SERVICES, World, instances_of

HOUR: Final = 3600
INSTANCES: Final = tuple(name for each in SERVICES for name in instances_of(each))


def missing() -> str | None:
    """Return what to install."""
    return None if FAKETIME.exists() else "there is no libfaketime: `apt-get install libfaketime` brings it"


def jump(by_seconds: int, world: World, target: str, seconds: float) -> None:
    """Let a clock jump, and jump back."""
    file = clock_of(world.folder, target)
    file.write_text(f"{by_seconds:+}")
    time.sleep(seconds)
    file.write_text(RIGHT)


KIND: Final = Kind(
    name="clock",
    pause=(0.5, 2.0),
    patience=5.0,
    lanes=[
        [
            Fault(name=f"clock {how}", targets=INSTANCES, seconds=(2.0, 5.0), inject=partial(jump, by_seconds))
            for how, by_seconds in (("an hour ahead", HOUR), ("an hour back", -HOUR))
        ]
    ],
    missing=missing,
)
