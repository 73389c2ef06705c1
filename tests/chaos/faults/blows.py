"""What can be done to any process: kill, stop, freeze. The keeper starts again what ended, once the lock is free."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from tests.chaos.members import Member
from tests.chaos.world import World


def kill(world: World, target: str, seconds: float) -> None:
    """Kill a process, and leave it dead for a while."""
    kill_all([world.member(target)], seconds)


def kill_all(members: Sequence[Member], seconds: float) -> None:
    """Kill processes at once, and leave them dead for a while."""
    with ExitStack() as held:
        for each in members:
            held.enter_context(each.lock)
        for each in members:
            each.kill()
        time.sleep(seconds)


def stop(world: World, target: str, seconds: float) -> None:
    """Ask a process to end, and leave it away for a while."""
    member = world.member(target)
    with member.lock:
        member.stop()
        time.sleep(seconds)


def freeze(world: World, target: str, seconds: float) -> None:
    """Let a process stand still: its connections stay open and it answers nothing, until it goes on."""
    freeze_all([world.member(target)], seconds)


def freeze_all(members: Sequence[Member], seconds: float) -> None:
    """Let several processes stand still at once."""
    with ExitStack() as held:
        for each in members:
            held.enter_context(each.lock)
        running = [each for each in members if each.server.is_running]
        for each in running:
            each.server.pause()
        time.sleep(seconds)
        for each in running:
            each.server.resume()
