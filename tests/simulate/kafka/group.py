"""A consumer group of the simulated Kafka: its members, and which of them has which partition (the eager protocol)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from tests.simulate.world import World

SESSION_SECONDS: Final = 6.0
"""A member that is silent for longer is left out."""

HEARTBEAT_SECONDS: Final = 2.0

Division = tuple[int, frozenset[TopicPartition]]
"""A generation, and the partitions of one member in it."""


class Group:
    """The coordinator of one group."""

    def __init__(self, world: World, name: str, places: Sequence[TopicPartition]) -> None:
        self.name = name
        self.generation = 0
        self._world = world
        self._places = places
        self._heard: dict[str, float] = {}
        """The members, and when each was heard last."""
        self._joining: dict[str, asyncio.Future[Division]] = {}
        self._is_dividing = False
        self._rounds = 0

    def join(self, member: str, divided: "asyncio.Future[Division]") -> None:
        """Take a member in; its future is set once all have joined, or the others were silent for a session."""
        self._joining[member] = divided
        self._hear(member)
        self.divide_anew()
        self._divide_if_complete()

    def leave(self, member: str) -> None:
        """Leave a member out."""
        if self._heard.pop(member, None) is not None:
            self._joining.pop(member, None)
            self.divide_anew()
            self._divide_if_complete()

    def beat(self, member: str, generation: int) -> bool:
        """Hear from a member. Return whether it has to join again."""
        if member not in self._heard:
            return True
        self._hear(member)
        return self._is_dividing or generation != self.generation

    def check(self, member: str, generation: int) -> None:
        """Raise unless a member may commit."""
        if member not in self._heard or generation != self.generation or self._is_dividing:
            raise CommitFailedError

    def divide_anew(self) -> None:
        """Begin to divide the partitions, unless that is under way."""
        if self._is_dividing:
            return
        self._is_dividing = True
        self._rounds += 1
        this_round = self._rounds

        def give_up() -> None:
            if self._is_dividing and self._rounds == this_round:
                for member in self._heard.keys() - self._joining.keys():
                    del self._heard[member]
                self._divide_if_complete()

        self._world.later(SESSION_SECONDS, give_up)

    def _hear(self, member: str) -> None:
        self._heard[member] = heard = self._world.now

        def expire() -> None:
            if self._heard.get(member) == heard and member not in self._joining:
                self._world.note(f"{self.name}: {member} was silent")
                self.leave(member)

        self._world.later(SESSION_SECONDS, expire)

    def _divide_if_complete(self) -> None:
        if not self._is_dividing or not self._joining or self._heard.keys() - self._joining.keys():
            return
        self._is_dividing = False
        self.generation += 1
        members = sorted(self._joining)
        self._world.chance.shuffle(members)
        for at, member in enumerate(members):
            mine = frozenset(self._places[at :: len(members)])
            divided = self._joining[member]
            division = self.generation, mine
            self._heard[member] = self._world.now
            self._world.later(self._world.latency(), lambda f=divided, d=division: f.done() or f.set_result(d))  # type: ignore[misc] # bound now
            self._hear(member)
        self._joining.clear()
