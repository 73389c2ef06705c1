"""The services as processes: wired together as their `main` does, and started again when they end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, cast

from services.classifier.cases import read
from services.classifier.changes import ChangeReader
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.main import route
from services.classifier.mongo.joint import JointRegister
from services.classifier.mongo.register import MongoRegister
from services.classifier.ports import RegisterStore
from services.domain.case import Case
from services.domain.outcome import InstructionAnswer, Outcome
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.wissing import Wissing
from services.projector.mongo.register import MongoProjection
from services.projector.subscriber import EventSubscriber
from services.runtime.ending import Ending
from services.runtime.errors import PartitionLost
from services.runtime.exactly_once.subscriber import TransactionalSubscriber
from services.runtime.kafka.group import Group, Reader
from services.runtime.kafka.health import GroupHealth
from services.runtime.letters.letter_keys import MongoLetterKeys
from services.runtime.observe.health import Health
from tests.simulate.kafka.consumer import Consumer
from tests.simulate.loop import PROCESS, Process
from tests.simulate.mongo.session import ATTEMPT
from tests.simulate.town import DATABASE, SEALER, SETTINGS, SLEUTELS, SkewedClock, Town

READ: Final = partial(
    read,
    sleutels=SLEUTELS,
    beleid=DEFAULT,
    changes=ChangeReader(frozenset(SETTINGS.consent_topics), SETTINGS.source),
)

DRAIN_SECONDS: Final = 5.0
"""For finishing what is in flight, when a process is asked to end."""


class Service:
    """One replica of a service: a process, and after its end the next one."""

    def __init__(self, town: Town, kind: str, number: int) -> None:
        self._town = town
        self._kind = kind
        self._number = number
        self.processes: list[Process] = []
        """Every process so far, the present one last."""
        self.ending = Ending()
        self.process = Process("")

    def start(self) -> None:
        """Start a process."""
        self.process = Process(f"{self._kind}-{self._number}.{len(self.processes) + 1}")
        self.processes.append(self.process)
        self.ending = Ending()
        PROCESS.set(self.process)
        run = _classify if self._kind == "classifier" else _project
        asyncio.get_running_loop().create_task(self._run(run))
        PROCESS.set(None)

    def start_later(self) -> None:
        """Start the next process in a while."""
        self.process.kill()
        self._town.world.later(self._town.world.chance.uniform(0.1, 3), self.start)

    async def _run(self, run: Callable[[Town, Process, Ending], Awaitable[None]]) -> None:
        world = self._town.world
        try:
            await run(self._town, self.process, self.ending)
        except PartitionLost:
            world.note("ended: a partition is lost")
        except Exception as error:  # noqa: BLE001 - what nobody handles ends a process
            world.violated(f"a {self._kind} ended by {type(error).__name__}: {error}")
        self.start_later()


async def _classify(town: Town, process: Process, ending: Ending) -> None:
    health, clock = Health(()), SkewedClock(town.world)
    database = cast("Any", town.client[DATABASE])
    handler = Handler(
        read=READ,
        store=JointRegister(Noted(MongoRegister(cast("Any", town.client), DATABASE, DEFAULT))),
        stop_store=town.stop_store,
        letter_keys=MongoLetterKeys(database, timedelta(days=21)),
        encoder=Encoder(SETTINGS, SEALER),
        clock=cast("Any", clock),
        health=health,
        own_failures_limit=SETTINGS.own_failures_limit,
    )
    contacts = TransactionalSubscriber(
        SETTINGS, route(SETTINGS), handler=handler, stop_store=town.stop_store, health=health, ending=ending
    )
    consumer = Consumer(town.broker, town.classifiers, process, contacts.partitions)
    await _in_group(contacts.group, contacts.partitions, consumer, ending)


async def _project(town: Town, process: Process, ending: Ending) -> None:
    clock = SkewedClock(town.world)
    events = EventSubscriber(
        SETTINGS,
        register=MongoProjection(cast("Any", town.client), DATABASE, clock.now),
        stop_store=town.stop_store,
        health=Health(()),
        ending=ending,
    )
    consumer = Consumer(town.broker, town.projectors, process, events.batches)
    await _in_group(events.group, events.batches, consumer, ending)


async def _in_group(group: Group, reader: Reader, consumer: Consumer, ending: Ending) -> None:
    """Read as `Group.reading` does, but for FastStream, which joins and leaves."""
    group._subscriber = cast("Any", SimpleNamespace(consumer=consumer))
    group_health = cast("GroupHealth", _NoGroupHealth())
    steps: Sequence[Coroutine[Any, Any, None]] = [
        consumer.take_part(),
        consumer.beat(),
        group._poll(reader, group_health),
    ]
    for step in steps:
        asyncio.create_task(step).add_done_callback(ending.end_with)
    await ending.wait()
    group._leaving = True
    await reader.finish(DRAIN_SECONDS)
    await consumer.leave()


class _NoGroupHealth:
    """A GroupHealth that nobody asks."""

    def polling(self) -> None:
        pass

    @contextmanager
    def handling(self) -> Iterator[None]:
        yield


class Noted:
    """A RegisterStore that tells the simulated MongoDB what each of its transactions is about."""

    def __init__(self, store: RegisterStore) -> None:
        self._store = store

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """Judge a batch."""
        ATTEMPT.set(tuple(batch))
        return await self._store.transact(batch, judge)

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Execute an instruction."""
        ATTEMPT.set(wissing)
        return await self._store.erase(wissing, execute)
