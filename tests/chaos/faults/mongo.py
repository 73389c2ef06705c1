"""Faults of a replica set of three: members and the primary away, partitioned, and a write that is rolled back."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from pymongo import WriteConcern
from pymongo.errors import PyMongoError

from tests.chaos.faults.blows import freeze, kill, kill_all, stop
from tests.chaos.members import Member
from tests.chaos.plan import Fault, Kind
from tests.chaos.world import World

MEMBERS: Final = ("mongod-1", "mongod-2", "mongod-3")
PRIMARY: Final = ("primary",)
UNREPLICATED: Final = "chaos_unreplicated"
"""The collection of writes that only the primary of the moment has."""


def primary_killed(world: World, _: str, seconds: float) -> None:
    """Kill the member that takes writes."""
    kill(world, _primary(world).name, seconds)


def primary_frozen(world: World, _: str, seconds: float) -> None:
    """Freeze the member that takes writes: another takes over, and it wakes believing that it still does."""
    freeze(world, _primary(world).name, seconds)


def majority_killed(world: World, target: str, seconds: float) -> None:
    """Kill all members but one: there is no primary then."""
    kill_all([world.member(each) for each in MEMBERS if each != target], seconds)


def all_killed(world: World, _: str, seconds: float) -> None:
    """Kill all members."""
    kill_all([world.member(each) for each in MEMBERS], seconds)


def partitioned(world: World, _: str, seconds: float) -> None:
    """Part the primary from the other members, while clients still reach all three.

    It goes on as primary until it misses them; the others choose a new one meanwhile.
    """
    primary = _primary(world)
    others = world.mongo.others(primary)
    with _held([primary, *others]):
        alive = [each.server.pid for each in others if each.server.is_running]
        if primary.server.is_running:
            for each in others:
                world.mongo.proxy_of(each).bar([primary.server.pid])
        world.mongo.proxy_of(primary).bar(alive)
        time.sleep(seconds)
        for each in (primary, *others):
            world.mongo.proxy_of(each).let_pass()


def rolled_back(world: World, _: str, seconds: float) -> None:
    """Let the primary write what no other member gets, and lose it. When it is back it has to take that back."""
    primary = _primary(world)
    others = world.mongo.others(primary)
    with _held([primary, *others]):
        world.mongo.proxy_of(primary).bar([each.server.pid for each in others if each.server.is_running])
        _write_alone(world, primary)
        primary.kill()
        world.mongo.proxy_of(primary).let_pass()
        # The others choose a new primary before the former one is back.
        time.sleep(seconds)


def _write_alone(world: World, primary: Member) -> None:
    try:
        with world.mongo.direct(primary) as client:
            alone = client["chaos"].get_collection(UNREPLICATED, write_concern=WriteConcern(1, j=True))
            alone.insert_one({"at": time.time()})
            world.unreplicated += 1
    except PyMongoError:
        return  # it was no primary any more


def _primary(world: World) -> Member:
    return world.mongo.primary() or world.mongo.members[0]


@contextmanager
def _held(members: list[Member]) -> Iterator[None]:
    with ExitStack() as held:
        for each in sorted(members, key=lambda each: each.name):
            held.enter_context(each.lock)
        yield


KIND: Final = Kind(
    name="mongo",
    pause=(0.2, 1.5),
    lanes=[
        [
            Fault(name="mongod killed", targets=MEMBERS, seconds=(0.0, 2.0), inject=kill, weight=7),
            Fault(name="primary killed", targets=PRIMARY, seconds=(0.0, 2.0), inject=primary_killed, weight=4),
            Fault(name="mongod stopped and started", targets=MEMBERS, seconds=(0.0, 2.0), inject=stop, weight=2),
            Fault(name="primary frozen", targets=PRIMARY, seconds=(3.0, 6.0), inject=primary_frozen, weight=2),
            Fault(name="two mongods killed", targets=MEMBERS, seconds=(0.0, 3.0), inject=majority_killed, weight=2),
            Fault(name="all mongods killed", targets=("all",), seconds=(0.0, 3.0), inject=all_killed, weight=2),
            Fault(name="primary partitioned", targets=PRIMARY, seconds=(4.0, 8.0), inject=partitioned, weight=4),
            Fault(name="a write rolled back", targets=PRIMARY, seconds=(4.0, 6.0), inject=rolled_back, weight=2),
        ]
    ],
    patience=7.0,
    settled=lambda world: world.mongo.is_in_sync(),
)
