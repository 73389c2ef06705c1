"""Three brokers that are controllers too: replication 3, min.insync 2. Clients reach each through a proxy."""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException

from services.local.servers.kafka import (
    CONFIGURATION,
    JAVA_OPTIONS,
    JAVA_PACKAGE,
    KAFKA_VERSION,
    POM,
    cache_folder,
    format_data,
    kafka_jars,
    new_id,
    tool,
)
from services.local.servers.network import HOST, ports_of
from services.local.servers.process import Server
from tests.chaos.members import Member
from tests.chaos.proxy import Network, Proxy
from tests.support.class_data import share_classes
from tests.support.kafka_tools import admin_client
from tests.support.waiting import wait_for

VERSION: Final = str(KAFKA_VERSION)
"""Ours. Others can be asked for."""

BROKERS: Final = 3
IN_SYNC: Final = 2
START_SECONDS: Final = 300.0
"""Three brokers start in 6 s on two free cores. Only one that hangs takes this long."""

LOG_END: Final = 2_000
PROPERTIES: Final = "server.properties"
TRANSACTIONS: Final = "__transaction_state"
ANSWER_SECONDS: Final = 3.0
QUICK_JAVA: Final = "-XX:TieredStopAtLevel=1"
"""A broker lives for seconds here: compiling its code thoroughly costs more than that brings."""

IN_CLUSTER: Final = """\
node.id={node}
controller.quorum.voters={voters}
listeners=CLIENTS://{host}:{clients},BROKERS://{host}:{brokers},CONTROLLER://{host}:{controller}
advertised.listeners=CLIENTS://{host}:{proxy},BROKERS://{host}:{brokers},CONTROLLER://{host}:{controller}
listener.security.protocol.map=CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKERS
"""


class KafkaCluster:
    """The brokers, and what clients know of them."""

    def __init__(self, folder: Path, network: Network, *, version: str) -> None:
        self.version = version
        java, class_path = tool("java", package=JAVA_PACKAGE), str(jars(version) / "*")
        options = _java_options(version)
        folders = [folder / f"kafka-{node}" for node in range(1, BROKERS + 1)]
        for each in folders:
            each.mkdir(parents=True, exist_ok=True)
        ports = [ports_of(each, ["clients", "brokers", "controller", "proxy"]) for each in folders]
        _configure(folders, ports)
        _format(folders, java=java, class_path=class_path)
        self.proxies: Sequence[Proxy] = [network.proxy(each["proxy"], each["clients"]) for each in ports]
        self.bootstrap = ",".join(f"{HOST}:{each.port}" for each in self.proxies)
        # The listener of the brokers among themselves.
        self.past_proxies = ",".join(f"{HOST}:{each['brokers']}" for each in ports)
        self.members = [
            Member(
                Server(
                    name=each.name,
                    port=its_ports["clients"],
                    command=[java, *JAVA_OPTIONS, "-cp", class_path, "kafka.Kafka", str(each / PROPERTIES)],
                    log_file=each / "kafka.log",
                    is_ready=lambda _: True,
                    environment={**os.environ, "JDK_JAVA_OPTIONS": options},
                )
            )
            for each, its_ports in zip(folders, ports, strict=True)
        ]

    def is_in_sync(self) -> bool:
        """Whether every broker is there, and holds all that the others hold."""
        try:
            known = admin_client(self.past_proxies).list_topics(timeout=ANSWER_SECONDS)
        except KafkaException:
            return False
        replicas = [each for topic in known.topics.values() for each in topic.partitions.values()]
        return len(known.brokers) == BROKERS and all(len(each.isrs) == BROKERS for each in replicas)

    def coordinator(self, partition: int) -> str:
        """Return the broker that coordinates the transactions of a partition of Kafka's own topic."""
        try:
            topic = admin_client(self.past_proxies).list_topics(timeout=ANSWER_SECONDS).topics[TRANSACTIONS]
        except (KafkaException, KeyError):
            return "kafka-1"
        leader = topic.partitions[partition % len(topic.partitions)].leader
        return f"kafka-{leader if leader > 0 else 1}"

    def start(self) -> None:
        """Start all brokers. `wait_until_together` waits for them."""
        for each in self.members:
            each.start()

    def wait_until_together(self) -> None:
        """Wait until they work together, however slow the machine is, unless one of them ends."""
        wait_for("three brokers work together", self._is_together, seconds=START_SECONDS)

    def _is_together(self) -> bool:
        for each in self.members:
            assert each.server.is_running, f"{each.name} ended:\n{each.server.log_since_start()[-LOG_END:]}"
        return self.is_in_sync()


def _configure(folders: Sequence[Path], ports: Sequence[Mapping[str, int]]) -> None:
    voters = ",".join(f"{node}@{HOST}:{each['controller']}" for node, each in enumerate(ports, start=1))
    for node, (folder, its_ports) in enumerate(zip(folders, ports, strict=True), start=1):
        of_this = IN_CLUSTER.format(host=HOST, node=node, voters=voters, **its_ports)
        text = of_this + CONFIGURATION.format(data=folder / "data", replicas=BROKERS, in_sync=IN_SYNC)
        (folder / PROPERTIES).write_text(text)


def _format(folders: Sequence[Path], *, java: str, class_path: str) -> None:
    """Prepare the data of each broker: of the first with Kafka's tool, which takes a second, of the others alike."""
    first, *others = folders
    format_data(first / PROPERTIES, java=java, class_path=class_path, quorum=[])
    for node, each in enumerate(others, start=2):
        shutil.copytree(first / "data", each / "data")
        file = each / "data" / "meta.properties"
        own = {"node.id": str(node), "directory.id": new_id()}
        lines = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
        file.write_text("".join(f"{name}={own.get(name, value)}\n" for name, value in lines))


def _java_options(version: str) -> str:
    if version == VERSION:
        share_classes()
    options = os.environ.get("JDK_JAVA_OPTIONS", "").split()
    return " ".join(dict.fromkeys([*options, QUICK_JAVA]))


def jars(version: str) -> Path:
    """Return the folder with the jars of a version. Those of another version than ours Maven checks alone."""
    if version == VERSION:
        return kafka_jars(print)
    folder = cache_folder() / f"kafka-{version}"
    if not folder.exists():
        work = cache_folder() / f"fetching-{version}"
        work.mkdir(parents=True, exist_ok=True)
        pom = ET.parse(POM)  # noqa: S314 - a file of ours
        found = pom.find("dependencies/dependency/version")
        assert found is not None, "our pom names the version of Kafka"
        found.text = version
        pom.write(work / "pom.xml")
        fetch = ["-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={work / 'jars'}"]
        subprocess.run([tool("mvn", package="maven"), *fetch], cwd=work, check=True)
        (work / "jars").rename(folder)
    return folder
