"""The municipality of the simulation: its topics, settings and keys, and its servers in one world."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from aiokafka import TopicPartition
from pydantic import SecretStr

from services.domain.sleutels import Sleutels
from services.runtime.letters.sealing import Sealer
from services.runtime.settings import Settings
from tests.fakes.stop_store import FakeStopStore
from tests.simulate.faults import FaultKind
from tests.simulate.kafka.broker import Broker
from tests.simulate.kafka.group import SESSION_SECONDS, Group
from tests.simulate.mongo.client import Client
from tests.simulate.mongo.store import Store
from tests.simulate.world import BEGAN_AT, World

KEY: Final = b"a key of the simulation, thirty-two"
SLEUTELS: Final = Sleutels(KEY)
SEALER: Final = Sealer(KEY)

SETTINGS: Final = Settings(
    sleutel=SecretStr(KEY.decode()),
    batch_size=8,
    projector_batch_size=16,
    session_timeout_ms=round(SESSION_SECONDS * 1000),
)

CLASSIFIERS: Final = SETTINGS.classifier_group
PROJECTORS: Final = SETTINGS.projector_group

PARTITIONS: Final[Mapping[str, int]] = {
    **dict.fromkeys(SETTINGS.topics, 1),
    SETTINGS.contact_topics[0]: 2,
    SETTINGS.registered_topic: 2,
}

INPUTS: Final = [TopicPartition(topic, at) for topic in SETTINGS.input_topics for at in range(PARTITIONS[topic])]
OUTPUTS: Final = [TopicPartition(topic, at) for topic in SETTINGS.output_topics for at in range(PARTITIONS[topic])]
LETTERS: Final = TopicPartition(SETTINGS.dead_letter_topic, 0)

DATABASE: Final = "klantcontact"


class Town:
    """The servers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.broker = Broker(world, PARTITIONS)
        self.classifiers = Group(world, CLASSIFIERS, INPUTS)
        self.projectors = Group(world, PROJECTORS, OUTPUTS)
        self.store = Store()
        self.client = Client(world, self.store)
        self.client.is_away = lambda: world.now < self._away_until
        self.stop_store = FakeStopStore()
        self._away_until = 0.0
        world.may_fail = lambda: not self.broker.transactions.hanging
        world.on_fault |= {
            FaultKind.LATE_END: lambda _: self.broker.transactions.begin_late(3),
            FaultKind.BROKER_RESTART: lambda _: self._restart_broker(),
            FaultKind.MONGO_AWAY: lambda _: self._go_away(),
            FaultKind.REBALANCE: lambda _: self._divide_anew(),
        }

    def _go_away(self) -> None:
        self._away_until = self.world.now + self.world.chance.uniform(0.01, 5)

    def _restart_broker(self) -> None:
        self.broker.transactions.begin_late(2)
        self.world.later(self.world.chance.uniform(0, 0.5), self.broker.restart)

    def _divide_anew(self) -> None:
        self.classifiers.divide_anew()
        self.projectors.divide_anew()


class SkewedClock:
    """A clock of one process, which differs from that of others."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ahead = timedelta(seconds=world.chance.uniform(-20, 20))

    def now(self) -> datetime:
        """Return its time."""
        return BEGAN_AT + timedelta(seconds=self._world.now) + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
