"""Faults of the connections to the servers: slow, cut in the middle, and half-open."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from tests.chaos.plan import Fault, Kind
from tests.chaos.proxy import Proxy
from tests.chaos.world import World

DELAY_SECONDS: Final = 0.15
"""What passes a slow connection takes so much longer, in each direction."""


def _slow(proxies: Sequence[Proxy], seconds: float) -> None:
    for each in proxies:
        each.slow(DELAY_SECONDS)
    time.sleep(seconds)
    for each in proxies:
        each.slow(0)


def _cut(proxies: Sequence[Proxy], seconds: float) -> None:
    for each in proxies:
        each.cut()
    time.sleep(seconds)


def _half_open(proxies: Sequence[Proxy], seconds: float) -> None:
    """Silence what is open, for good: only new connections work."""
    for each in proxies:
        each.silence()
    time.sleep(seconds)


def _between(work: Callable[[Sequence[Proxy], float], None], world: World, target: str, seconds: float) -> None:
    work(world.proxies(target), seconds)


def _to(server: str, who: Sequence[str]) -> list[Fault]:
    return [
        Fault(name=f"{server}: slow", targets=who, seconds=(1.0, 3.0), inject=partial(_between, _slow)),
        Fault(name=f"{server}: cut", targets=who, seconds=(0.0, 1.0), inject=partial(_between, _cut)),
        Fault(name=f"{server}: half-open", targets=who, seconds=(0.0, 1.0), inject=partial(_between, _half_open)),
    ]


KIND: Final = Kind(
    name="network",
    pause=(0.2, 1.5),
    patience=4.0,
    lanes=[
        _to("connections to Kafka", ("kafka-1", "kafka-2", "kafka-3", "kafka")),
        _to("connections to MongoDB", ("mongod-1", "mongod-2", "mongod-3", "mongod")),
    ],
)
