"""aiokafka's consumer, as far as the services use it, on the simulated broker and group."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError

from services.runtime.kafka.assignment import Assignment
from tests.simulate.kafka.broker import Broker
from tests.simulate.kafka.group import HEARTBEAT_SECONDS, Division, Group
from tests.simulate.kafka.log import Entry
from tests.simulate.loop import Process
from tests.simulate.world import BEGAN_AT, ConnectionBroken

T = TypeVar("T")

Batch = list["ConsumerRecord[bytes, bytes]"]

LATE_SHARE: Final = 0.05
LATE_SECONDS: Final = 3.0
"""How often, and how much at most, the records of a poll come late to the one who polls. aiokafka 0.14 has no await
there, and does not promise that; FastStream's own loop had some."""

IDLE_SECONDS: Final = 5.0

BACKOFF_SECONDS: Final = 0.05

JOINING: Final = -1
"""The generation of a member that has no partitions yet."""

BEGAN_AT_MS: Final = round(BEGAN_AT.timestamp() * 1000)


class Position:
    """The position of a consumer in an assigned partition."""

    def __init__(self) -> None:
        self.next: int | None = None
        """None: the committed offset has to be asked for."""
        self.is_paused = False


class Consumer:
    """A member of a group."""

    def __init__(self, broker: Broker, group: Group, process: Process, listener: Assignment) -> None:
        self._broker = broker
        self._group = group
        self._name = process.name
        self._listener = listener
        self._generation = JOINING
        self._positions: dict[TopicPartition, Position] = {}
        self._woken = asyncio.Event()
        self._rejoin = asyncio.Event()

    # In the group

    async def take_part(self) -> None:
        """Join, and join again each time that the group divides the partitions anew."""
        loop = asyncio.get_running_loop()
        while True:
            divided: asyncio.Future[Division] = loop.create_future()
            await self._ask("join", lambda f=divided: self._group.join(self._name, f))  # type: ignore[misc] # bound now
            self._generation, mine = await divided
            self._rejoin.clear()
            self._positions = {each: Position() for each in sorted(mine)}
            await self._listener.on_partitions_assigned(mine)
            self._woken.set()
            await self._rejoin.wait()
            await self._listener.on_partitions_revoked(frozenset(self._positions))
            self._positions = {}
            self._generation = JOINING

    async def beat(self) -> None:
        """Send heartbeats."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            generation = self._generation
            if generation == JOINING:
                continue
            must_join = await self._ask("heartbeat", lambda g=generation: self._group.beat(self._name, g))  # type: ignore[misc] # bound now
            if must_join and generation == self._generation:
                self._rejoin.set()

    async def leave(self) -> None:
        """Leave the group."""
        await self._ask("leave", lambda: self._group.leave(self._name))

    # Its partitions

    def assignment(self) -> frozenset[TopicPartition]:
        """Return its partitions."""
        return frozenset(self._positions)

    def pause(self, place: TopicPartition) -> None:
        """Fetch no more of a partition."""
        self._position(place).is_paused = True

    def resume(self, place: TopicPartition) -> None:
        """Fetch a partition again."""
        self._position(place).is_paused = False
        self._woken.set()

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Fetch from this offset next."""
        self._position(place).next = offset
        self._woken.set()

    async def position(self, place: TopicPartition) -> int:
        """Return the offset that is fetched next."""
        await self._find(place)
        position = self._position(place).next
        assert position is not None, "it was found"
        return position

    async def committed(self, place: TopicPartition) -> int | None:
        """Return the offset that the group has committed. A transaction that is being ended does not count yet."""
        return await self._patiently("committed", lambda: self._broker.committed(self._group.name, place))

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where partitions begin."""
        return await self._patiently("first offsets", lambda: dict.fromkeys(places, 0))

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where partitions end."""
        return await self._patiently("last offsets", lambda: {each: self._broker.logs[each].end for each in places})

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit. Raises CommitFailedError once the group has divided the partitions anew."""
        for place in offsets:
            self._position(place)
        generation = self._generation

        def work() -> None:
            self._group.check(self._name, generation)
            self._broker.commit(self._group.name, offsets)

        await self._patiently(f"commit {sorted(offsets.values())}", work)

    def _position(self, place: TopicPartition) -> Position:
        try:
            return self._positions[place]
        except KeyError:
            raise IllegalStateError from None

    async def _find(self, place: TopicPartition) -> None:
        position = self._position(place)
        if position.next is None:
            committed = await self.committed(place) or 0
            if position.next is None:  # nobody sought it meanwhile
                position.next = committed

    # Its records

    async def getmany(self, *places: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, Batch]:
        """Return the records that are there, or the first that arrive within the timeout. A poll of all partitions
        waits longer than asked: the clock jumps, and idle polls would only cost steps.
        """
        loop, chance = asyncio.get_running_loop(), self._broker.world.chance
        until = loop.time() + (timeout_ms / 1000 if places else IDLE_SECONDS)
        self._broker.listeners[self._woken] = None
        alarm = loop.call_at(until, self._woken.set)
        try:
            while True:
                self._woken.clear()
                wanted = [each for each in places or self._positions if each in self._positions]
                for place in wanted:
                    if place in self._positions:
                        await self._find(place)
                fetched = await self._fetched(wanted, chance.randint(1, max_records))
                if fetched and chance.random() < LATE_SHARE:
                    await asyncio.sleep(chance.uniform(0, LATE_SECONDS))
                if fetched or loop.time() >= until:
                    return fetched
                await self._woken.wait()
        finally:
            alarm.cancel()

    def _has_more(self, places: Iterable[TopicPartition]) -> bool:
        return any(
            next(self._broker.logs[place].committed(position.next or 0), None) is not None
            for place in places
            if (position := self._positions.get(place)) is not None and not position.is_paused
        )

    async def _fetched(self, places: Sequence[TopicPartition], most: int) -> dict[TopicPartition, Batch]:
        if not self._has_more(places):
            return {}
        asked = {each: position for each in places if (position := self._positions.get(each)) is not None}
        wanted = {each: position.next for each, position in asked.items() if not position.is_paused}

        def work() -> dict[TopicPartition, list[Entry]]:
            return {each: list(self._broker.logs[each].committed(first or 0)) for each, first in wanted.items()}

        found = list((await self._ask("fetch", work)).items())
        self._broker.world.chance.shuffle(found)
        fetched: dict[TopicPartition, Batch] = {}
        for place, entries in found:
            position, left = asked[place], most - sum(map(len, fetched.values()))
            # A partition that was sought, paused or lost meanwhile drops what was asked for before.
            if position is not self._positions.get(place) or position.next != wanted[place] or position.is_paused:
                continue
            if taken := entries[: max(left, 0)]:
                fetched[place] = [_record(place, each) for each in taken]
                position.next = taken[-1].offset + 1
        return fetched

    async def _ask(self, what: str, work: Callable[[], T]) -> T:
        return await self._broker.world.ask(what, work, can_fail=False)

    async def _patiently(self, what: str, work: Callable[[], T]) -> T:
        while True:
            try:
                return await self._broker.world.ask(what, work)
            except ConnectionBroken:
                await asyncio.sleep(BACKOFF_SECONDS)


def _record(place: TopicPartition, entry: Entry) -> "ConsumerRecord[bytes, bytes]":
    data = entry.data
    return ConsumerRecord(
        topic=place.topic,
        partition=place.partition,
        offset=entry.offset,
        timestamp=BEGAN_AT_MS + round(entry.seconds * 1000),
        timestamp_type=1,
        key=data.key,
        value=data.value,
        checksum=None,
        serialized_key_size=len(data.key or b""),
        serialized_value_size=len(data.value or b""),
        headers=tuple(data.headers),
    )
