"""The system under fire: three brokers, three mongods, two instances of each service, all kept running."""

import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from services.local.logins import logged_in, make_logins
from services.local.servers.network import HOST, free_port
from services.local.servers.process import Server
from services.local.system import COMMAND
from services.runtime.mongo.roles import role_of_command
from services.runtime.settings import Settings
from tests.chaos.channel import make_channel
from tests.chaos.kafka_cluster import KafkaCluster
from tests.chaos.machine import MemoryGroup, clock_environment, clock_of, mount, unmount
from tests.chaos.members import Keeper, Member
from tests.chaos.proxy import Network, Proxy
from tests.chaos.replica_set import ReplicaSet
from tests.support.commands import environment

SERVICES: Final[Mapping[str, int]] = {"classifier": 2, "projector": 2, "mapper": 2, "intake": 2}
"""What runs as `klantcontact run …`, each with its number of instances. A service that is added here is hit as well."""

PARTITIONS: Final = 6
SESSION_MILLISECONDS: Final = 3_000
SMALL_DISKS: Final = ("kafka-3", "mongod-3")


def instances_of(service: str) -> Sequence[str]:
    """Return the names of the instances of a service."""
    return [f"{service}-{number}" for number in range(1, SERVICES[service] + 1)]


@dataclass
class World:
    """All that runs."""

    folder: Path
    settings: Settings
    kafka: KafkaCluster
    mongo: ReplicaSet
    keeper: Keeper
    start_instance: Callable[[str, str], Member]
    """Starts an instance with a name of a service."""
    instances: dict[str, Member] = field(default_factory=dict)
    groups: dict[str, MemoryGroup] = field(default_factory=dict)
    intakes: Sequence[str] = ()
    """The addresses at which the platform reaches the intake."""
    unreplicated: int = 0
    """How many writes a primary made that no other member got."""
    _guests: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def members(self) -> Mapping[str, Member]:
        """Every process by its name."""
        servers = [*self.kafka.members, *self.mongo.members]
        return {each.name: each for each in servers} | self.instances

    def member(self, name: str) -> Member:
        """Return a process by its name."""
        return self.members[name]

    def one_more(self, service: str) -> Member:
        """Start an instance beside those that there are."""
        return self.start_instance(service, f"{service}-guest-{next(self._guests)}")

    def proxies(self, target: str) -> Sequence[Proxy]:
        """Return the proxies before a server, or before all of its kind."""
        both = [*zip(self.kafka.members, self.kafka.proxies, strict=True)]
        both += zip(self.mongo.members, self.mongo.proxies, strict=True)
        return [proxy for member, proxy in both if member.name.startswith(target)]


@contextmanager
def running_world(folder: Path, *, version: str, kinds: Collection[str]) -> Iterator[World]:
    """Start everything for the block, and leave nothing behind. `kinds`: of the faults that will come."""
    with ExitStack() as undo:
        if "disk" in kinds:
            for each in SMALL_DISKS:
                mount(folder / each)
                undo.callback(unmount, folder / each)
        network = Network()
        undo.callback(network.close)
        keeper = Keeper()
        mongo = ReplicaSet(folder, network)
        kafka = KafkaCluster(folder, network, version=version)
        for members in (mongo.members, kafka.members):
            for member in members:
                undo.callback(member.kill)
        kafka.start()
        mongo.start()
        kafka.wait_until_together()
        settings = _settings(kafka.bootstrap, mongo.uri, make_channel(folder))
        subprocess.run([*COMMAND, "topics", "create"], env=environment(settings), check=True, capture_output=True)
        logins = make_logins(mongo.uri, settings, folder / "logins")
        groups: dict[str, MemoryGroup] = {}
        intakes: list[str] = []

        def start_instance(service: str, name: str) -> Member:
            role = role_of_command(["run", service])
            own = logged_in(settings, logins[role]) if role is not None else settings
            if service == "intake":
                own = own.model_copy(update={"intake_port": free_port()})
                intakes.append(f"http://{HOST}:{own.intake_port}")
            prefix: Sequence[str] = ()
            if "memory" in kinds and name in instances_of(service):
                groups[name] = MemoryGroup(name)
                undo.callback(groups[name].remove)
                prefix = groups[name].prefix()
            clock = clock_environment(clock_of(folder, name)) if "clock" in kinds else {}
            server = _instance(service, name, own, folder, prefix, clock)
            member = Member(server, service)
            undo.callback(member.kill)
            member.start()
            keeper.keeps([member])
            return member

        world = World(folder, settings, kafka, mongo, keeper, start_instance, groups=groups, intakes=intakes)
        for service in SERVICES:
            for name in instances_of(service):
                world.instances[name] = start_instance(service, name)
        keeper.keeps([*kafka.members, *mongo.members])
        keeper.start()
        undo.callback(keeper.stop)
        yield world


def _settings(bootstrap: str, mongo_uri: str, kanalen_file: Path) -> Settings:
    return Settings(
        kafka_bootstrap=bootstrap,
        mongo_uri=mongo_uri,
        kanalen_file=kanalen_file,
        topic_partitions=PARTITIONS,
        session_timeout_ms=SESSION_MILLISECONDS,
        sleutel=SecretStr("a key of the tests, thirty-two bytes"),
        log_format="json",
        health_host=HOST,
    )


def _instance(
    service: str, name: str, settings: Settings, folder: Path, prefix: Sequence[str], more: Mapping[str, str]
) -> Server:
    port, arguments = free_port(), ["run", service]
    own = settings.model_copy(update={"health_port": port})
    return Server(
        name=name,
        port=port,
        command=[*prefix, *COMMAND, *arguments],
        log_file=folder / f"{name}.log",
        is_ready=lambda _: True,
        environment={**environment(own, arguments), **more},
    )
