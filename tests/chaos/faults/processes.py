"""Faults of our own services: killed, asked to end, frozen beyond their session, joining and leaving."""

import time
from typing import Final

from tests.chaos.faults.blows import freeze, kill, kill_all, stop
from tests.chaos.plan import Fault, Kind
from tests.chaos.world import SERVICES, World, instances_of

BEYOND_SESSION: Final = (3.5, 6.0)
"""Seconds; the session is three."""

IN_A_GROUP: Final = SERVICES.keys() - {"intake"}
"""Services that share partitions. No platform would find one more intake."""


def join_and_leave(world: World, target: str, seconds: float) -> None:
    """Start one more instance, and ask it to end when the group has counted on it for a while."""
    guest = world.one_more(target)
    time.sleep(seconds)
    with guest.lock:
        guest.wanted = False
        guest.stop()


def every_killed(world: World, target: str, seconds: float) -> None:
    """Kill all instances of a service at once."""
    kill_all([world.member(each) for each in instances_of(target)], seconds)


def _of(service: str) -> list[Fault]:
    instances = instances_of(service)
    faults = [
        Fault(name=f"{service} killed", targets=instances, seconds=(0.0, 0.5), inject=kill, weight=12),
        Fault(name=f"every {service} killed", targets=[service], seconds=(0.0, 0.5), inject=every_killed, weight=3),
        Fault(name=f"{service} asked to end", targets=instances, seconds=(0.0, 0.5), inject=stop),
        Fault(name=f"{service} frozen", targets=instances, seconds=BEYOND_SESSION, inject=freeze, weight=2),
    ]
    if service in IN_A_GROUP:
        faults.append(
            Fault(name=f"{service} joins and leaves", targets=[service], seconds=(1.0, 4.0), inject=join_and_leave)
        )
    return faults


KIND: Final = Kind(name="processes", pause=(0.2, 1.5), patience=4.0, lanes=[_of(each) for each in SERVICES])
