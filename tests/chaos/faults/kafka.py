"""Faults of three brokers: one, two and all of them away, frozen, the coordinator of transactions, one by one."""

import time
from typing import Final

from tests.chaos.faults.blows import freeze, kill, kill_all, stop
from tests.chaos.plan import Fault, Kind
from tests.chaos.world import World

BROKERS: Final = ("kafka-1", "kafka-2", "kafka-3")
RESTART_SECONDS: Final = 20.0
"""The longest wait for a broker that was restarted, before the next one is stopped."""

PARTITIONS: Final = tuple(str(each) for each in range(4))
"""Of the topic in which Kafka keeps its transactions."""


def two_killed(world: World, target: str, seconds: float) -> None:
    """Kill all brokers but one: nothing can be written then."""
    kill_all([world.member(each) for each in BROKERS if each != target], seconds)


def all_killed(world: World, _: str, seconds: float) -> None:
    """Kill all brokers."""
    kill_all([world.member(each) for each in BROKERS], seconds)


def coordinator_killed(world: World, target: str, seconds: float) -> None:
    """Kill the broker that coordinates some of our transactions."""
    kill(world, world.kafka.coordinator(int(target)), seconds)


def rolling_restart(world: World, _: str, seconds: float) -> None:
    """Stop and start the brokers one by one, as an upgrade does."""
    for each in BROKERS:
        stop(world, each, 0.0)
        deadline = time.monotonic() + RESTART_SECONDS
        time.sleep(seconds)
        while not world.kafka.is_in_sync() and time.monotonic() < deadline:
            time.sleep(seconds)


KIND: Final = Kind(
    name="kafka",
    pause=(0.2, 1.5),
    lanes=[
        [
            Fault(name="broker killed", targets=BROKERS, seconds=(0.0, 2.0), inject=kill, weight=8),
            Fault(name="broker stopped and started", targets=BROKERS, seconds=(0.0, 2.0), inject=stop, weight=2),
            Fault(name="broker frozen", targets=BROKERS, seconds=(2.0, 6.0), inject=freeze, weight=2),
            Fault(
                name="coordinator killed", targets=PARTITIONS, seconds=(0.0, 2.0), inject=coordinator_killed, weight=3
            ),
            Fault(name="two brokers killed", targets=BROKERS, seconds=(0.0, 3.0), inject=two_killed, weight=2),
            Fault(name="all brokers killed", targets=("all",), seconds=(0.0, 3.0), inject=all_killed, weight=2),
            Fault(name="brokers restarted one by one", targets=("all",), seconds=(0.5, 1.0), inject=rolling_restart),
        ]
    ],
    patience=8.0,
    settled=lambda world: world.kafka.is_in_sync(),
)
