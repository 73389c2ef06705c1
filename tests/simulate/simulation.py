"""Runs one plan from the first contact until all is quiet, and checks what it leaves."""

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from unittest.mock import patch

import structlog
from structlog.typing import EventDict

from services.runtime.exactly_once import publisher, subscriber
from tests.simulate.checker import Checker
from tests.simulate.faults import FaultKind
from tests.simulate.kafka.client import Producer
from tests.simulate.kafka.group import SESSION_SECONDS
from tests.simulate.loop import Process, SimulatedLoop, simulated_time
from tests.simulate.operators import Operator
from tests.simulate.plan import Plan
from tests.simulate.processes import Service
from tests.simulate.town import CLASSIFIERS, INPUTS, OUTPUTS, PROJECTORS, Town
from tests.simulate.watch import Watch
from tests.simulate.world import World

RECOVERY_SECONDS: Final = 180.0
"""After the last contact the world has to be quiet within this time: a transaction that a killed process left in
MongoDB takes 15, a session 6, and faults may come one after another."""

LOOK_SECONDS: Final = 0.5


class Simulation:
    """One world from its begin to its end."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = SimulatedLoop()
        self.world = World(self.loop, plan.seed, dict(plan.faults))
        self.town = Town(self.world)
        self.watch = Watch(self.town)
        self.operator = Operator(self.town)
        self.overtaken = 0
        """Events that a later decision overtook before they went out."""
        self.services = [
            *[Service(self.town, "classifier", at) for at in range(plan.classifiers)],
            *[Service(self.town, "projector", at) for at in range(plan.projectors)],
        ]
        self.world.on_death = lambda process: self._of(process).start_later()
        self.world.on_fault |= {
            FaultKind.FREEZE: self._freeze,
            FaultKind.LEAVE: lambda process: self._of(process).ending.ask(),
        }

    def _of(self, process: Process) -> Service:
        return next(each for each in self.services if each.process is process)

    def _freeze(self, process: Process) -> None:
        process.freeze()
        self.world.later(self.world.chance.uniform(0.5, 2.5) * SESSION_SECONDS, lambda: process.thaw(self.loop))

    async def run(self) -> None:
        """Run until all is quiet."""
        for each in self.services:
            each.start()
        for sent in self.plan.sent:
            self.world.later(sent.seconds, partial(self.town.broker.append, sent.place, sent.data))
        working = asyncio.create_task(self.operator.work(list(self.plan.asked)))
        moments = [*[each.seconds for each in self.plan.sent], *[each.seconds for each in self.plan.asked]]
        until = max(moments, default=0) + RECOVERY_SECONDS
        while not (working.done() and self._is_quiet()):
            if self.world.now > until:
                self.world.violated("not everything was handled in time")
                return
            await asyncio.sleep(LOOK_SECONDS)
        await working
        checker = Checker(self.town, self.watch, self.operator.asked_again)
        checker.check()
        self.overtaken = checker.overtaken

    def _is_quiet(self) -> bool:
        broker = self.town.broker
        if self.world.now <= max((sent.seconds for sent in self.plan.sent), default=0):
            return False
        behind = [
            (group, place)
            for group, places in ((CLASSIFIERS, INPUTS), (PROJECTORS, OUTPUTS))
            for place in places
            if (broker.committed(group, place) or 0) < broker.logs[place].last_committed
        ]
        return not behind and all(log.stable_end == log.end for log in broker.logs.values())


def simulate(plan: Plan) -> Simulation:
    """Run a plan."""
    simulation = Simulation(plan)
    loop, broker = simulation.loop, simulation.town.broker
    with (
        _alone(simulation),
        patch.object(
            subscriber,
            "transactional_producer",
            lambda _settings, *, transactional_id: Producer(broker, transactional_id),
        ),
    ):
        try:
            loop.run_until_complete(simulation.run())
        finally:
            _end(simulation)
    return simulation


@contextmanager
def _alone(simulation: Simulation) -> Iterator[None]:
    """Put the product's log into the trace, and give it the time and the chance of this world."""
    loop = simulation.loop
    before, kept = structlog.get_config(), random.getstate()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[partial(_into_trace, simulation.world)],
        cache_logger_on_first_use=False,
    )
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        random.seed(simulation.plan.seed)
        with simulated_time(loop):
            yield
    finally:
        structlog.configure(**before)
        random.setstate(kept)
        loop.close()


def _into_trace(world: World, _logger: object, _method: str, entry: EventDict) -> EventDict:
    world.note(" ".join([str(entry.pop("event")), *[f"{name}={value!r}" for name, value in entry.items()]]))
    raise structlog.DropEvent


def _end(simulation: Simulation) -> None:
    """End every task, those of killed and frozen processes too. No server answers any more."""
    simulation.world.is_over = True
    for service in simulation.services:
        for process in service.processes:
            process.revive(simulation.loop)
    while tasks := asyncio.all_tasks(simulation.loop):
        for task in tasks:
            task.cancel()
        simulation.loop.run_until_complete(asyncio.wait(tasks, timeout=1))
    publisher._CLOSING.clear()
